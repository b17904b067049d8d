#!/usr/bin/env bash
# Makes .venv from requirements-dev.lock (every file checked against its hash) and compiles the translations.
# A second run finds the stamp and ends at once. PYTHON=… names another interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }

find_python() { # the first interpreter that is new enough
    local python
    for python in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    say "no Python 3.11 or newer found: install it (on Debian 12: apt-get install python3), or set PYTHON to its path"
    return 1
}

make_venv() { # Debian's python3 comes without ensurepip: ask apt for it, or borrow a pip
    local python=$1
    rm -rf .venv
    if "$python" -m venv .venv >/dev/null 2>&1; then return; fi
    rm -rf .venv
    if scripts/apt.sh install python3-venv && "$python" -m venv .venv >/dev/null 2>&1; then return; fi
    rm -rf .venv
    "$python" -m venv --without-pip .venv
    if "$python" -m pip --version >/dev/null 2>&1; then return; fi
    say "python3-venv is not to be had: borrowing the pip wheel of Debian's package python3-pip-whl"
    if scripts/apt.sh unpack .cache/pip python3-pip-whl; then return; fi
    rm -rf .venv
    say "Python's venv is missing and cannot be installed from here: run 'apt-get install python3-venv' as root, then again"
    return 1
}

pip() { # the venv's own pip, else a pip from outside that installs into it
    local wheel
    wheel=$(find .cache/pip/usr/share/python-wheels -name 'pip-*.whl' 2>/dev/null | head -n 1 || true)
    if .venv/bin/python -c 'import pip' 2>/dev/null; then
        .venv/bin/python -m pip "$@"
    elif [ -n "$wheel" ]; then
        .venv/bin/python "$wheel/pip" "$@"
    else
        "$python" -m pip --python .venv/bin/python "$@"
    fi
}

install() {
    python=$(find_python)
    if ! .venv/bin/python -c '' 2>/dev/null; then
        say "making .venv with $("$python" --version)"
        make_venv "$python"
    fi
    say "installing $(grep -c == requirements-dev.lock) locked packages; a first run takes a minute or two"
    if ! pip install --disable-pip-version-check --no-input --require-hashes --no-deps --only-binary :all: \
        -r requirements-dev.lock 2>.venv/pip.log | awk '/^Collecting/ { printf "."; fflush() } END { print "" }' >&2; then
        grep -v '^WARNING' .venv/pip.log | tail -n 20 >&2
        return 1
    fi
    say "installing comity itself, editable"
    pip install --disable-pip-version-check --no-input --quiet --no-deps --no-build-isolation --editable .
}

mkdir -p .cache
exec 9>.cache/setup.lock
flock 9 # "make -j" or a second terminal waits here

# The stamp holds everything that .venv depends on; the folder counts because an editable install names it.
wanted=$( { pwd; cat requirements-dev.lock pyproject.toml; } | sha256sum )
if [ "$(cat .venv/stamp 2>/dev/null)" != "$wanted" ] || ! .venv/bin/python -c '' 2>/dev/null; then
    PIP_ROOT_USER_ACTION=ignore install
    echo "$wanted" >.venv/stamp
    say "ready: .venv/bin/comity"
fi

catalogues=$(find src/comity -path '*/LC_MESSAGES/*.po' 2>/dev/null || true)
for po in $catalogues; do
    if [ ! "${po%.po}.mo" -nt "$po" ]; then # the first stale one compiles all
        say "compiling translations"
        # shellcheck disable=SC2086  # one word per file: the names have no spaces
        .venv/bin/python scripts/compile_translations.py $catalogues
        break
    fi
done
