#!/bin/sh
# Make a virtual environment with the locked packages and this project, editable.
# usage: scripts/make-venv.sh PYTHON FOLDER LOCKFILE
set -eu
python=$1 folder=$2 lock=$3

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11" >&2
    exit 1
}
rm -rf "$folder"
"$python" -m venv "$folder" >/dev/null 2>&1 || {
    # Debian packs venv apart from Python
    rm -rf "$folder"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get -qq update
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y python3-venv >/dev/null
        "$python" -m venv "$folder"
    else
        echo "Python's venv is missing. Install it: sudo apt-get install python3-venv" >&2
        exit 1
    fi
}
pip="$folder/bin/python -m pip --disable-pip-version-check"
$pip install --quiet --no-deps --require-hashes -r "$lock"
$pip install --quiet --no-deps --no-build-isolation --editable .
