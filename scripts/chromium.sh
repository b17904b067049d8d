#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests, and gets what is missing from Debian: the browser, and
# a library that Playwright's driver needs. COMITY_CHROMIUM=… names another browser.
set -euo pipefail
cd "$(dirname "$0")/.."

ours=$PWD/.cache/chromium # filled only where there are no root rights
lib=$PWD/.cache/lib       # the Makefile lets the tests search it

browser() { # the first one that starts
    local candidate
    for candidate in ${COMITY_CHROMIUM:-} chromium google-chrome google-chrome-stable "$ours/start"; do
        if candidate=$(command -v "$candidate") && "$candidate" --version >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

library() {
    LD_LIBRARY_PATH=$lib python3 -c 'import ctypes; ctypes.CDLL("libatomic.so.1")' 2>/dev/null
}

fetch() { # Debian's files in a folder of ours, and a starter that points to their libraries and fonts
    scripts/apt.sh unpack "$ours" fonts-dejavu-core "$@" || return 1
    local libraries
    libraries=$(find "$ours" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
    mkdir -p "$lib"
    find "$ours" -name libatomic.so.1 -exec ln -sf {} "$lib" \;
    cat >"$ours/fonts.conf" <<FONTS
<fontconfig><dir>/usr/share/fonts</dir><dir>$ours/usr/share/fonts</dir><cachedir>$ours/fonts</cachedir></fontconfig>
FONTS
    cat >"$ours/start" <<START
#!/bin/sh
export FONTCONFIG_FILE='$ours/fonts.conf'
export LD_LIBRARY_PATH='$libraries'
exec '$ours/usr/lib/chromium/chromium' "\$@"
START
    chmod +x "$ours/start"
}

missing=()
browser >/dev/null || missing+=(chromium)
library || missing+=(libatomic1)
if [ ${#missing[@]} != 0 ]; then
    scripts/apt.sh install "${missing[@]}" || fetch "${missing[@]}" || true
fi
if ! library || ! browser; then
    echo "setup: the browser tests cannot run: as root, run 'apt-get install chromium libatomic1', then again" >&2
    exit 1
fi
