#!/bin/sh
# Resolves pyproject.toml into two lock files with hashes: what runs a node, and that plus what develops it.
# A release must be a week old before it enters: most poisoned packages are found out sooner than that.
set -eu
cd "$(dirname "$0")/.."

lock() { # lock FILE TITLE UV-ARGUMENT…: no address of an index may stand in the file, so every node uses its own.
    file=$1 title=$2
    shift 2
    {
        printf '# %s. Made by "make lock" from pyproject.toml; do not edit.\n' "$title"
        .venv/bin/uv pip compile pyproject.toml --group build "$@" --upgrade --quiet \
            --python .venv/bin/python --python-version 3.11 --universal --generate-hashes \
            --exclude-newer "7 days" --no-header --no-annotate --no-emit-index-url --no-emit-find-links
    } >"$file.new"
    if grep -E '^-|://' "$file.new"; then
        echo "$file: the lines above name an option or an address, and a lock file must not" >&2
        exit 1
    fi
    mv "$file.new" "$file"
    echo "$file: $(grep -c == "$file") packages"
}

lock requirements-dev.lock "What develops a node: requirements.lock and the tools for tests and checks" --group dev
lock requirements.lock "What runs a node, and builds its wheel" --constraint requirements-dev.lock
