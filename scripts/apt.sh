#!/usr/bin/env bash
# Debian packages, with or without root:
#   apt.sh install PACKAGE…         through apt-get as root, or by sudo where it asks for no password; else fails
#   apt.sh unpack FOLDER PACKAGE…   fetches them and the libraries that this machine lacks, and unpacks all into FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }

quietly() { # shows what a command printed only if it failed
    local output
    if ! output=$("$@" 2>&1 </dev/null); then
        tail -n 5 <<<"$output" >&2
        return 1
    fi
}

install() {
    local as_root=(env DEBIAN_FRONTEND=noninteractive)
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n "${as_root[@]}")
    fi
    say "installing $* with apt-get"
    quietly "${as_root[@]}" apt-get update && quietly "${as_root[@]}" apt-get install -y --no-install-recommends "$@"
}

unpack() { # apt-get keeps its lists and downloads in a folder of ours; the system's record says what is missing
    local folder=$1 state=$PWD/.cache/apt
    shift
    rm -rf "$state"
    mkdir -p "$folder" "$state/lists/partial" "$state/archives/partial"
    local apt=(apt-get -o Dir::State="$state" -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$state"
        -o Dir::Cache::archives="$state/archives" -o Debug::NoLocking=1)
    say "fetching $* and missing libraries, without root"
    quietly "${apt[@]}" update && quietly "${apt[@]}" install -y --download-only --no-install-recommends "$@"
    local deb
    for deb in "$state"/archives/*.deb; do
        dpkg -x "$deb" "$folder"
    done
    rm -rf "$state"
}

command -v apt-get >/dev/null || { say "this is not Debian: no apt-get here for $*"; exit 1; }
"$@"
