#!/usr/bin/env bash
# Prints the path of SoftHSM's PKCS #11 module for the tests of keys in hardware, and gets it from Debian if it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

ours=$PWD/.cache/softhsm # filled only where there are no root rights

module() { # the first one that loads
    local candidate
    for candidate in /usr/lib/softhsm/libsofthsm2.so "$ours"/usr/lib/softhsm/libsofthsm2.so; do
        if python3 -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$candidate" 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

module && exit
scripts/apt.sh install softhsm2 || scripts/apt.sh unpack "$ours" softhsm2 || true
if ! module; then
    echo "setup: the tests of keys in hardware cannot run: as root, run 'apt-get install softhsm2', then again" >&2
    exit 1
fi
