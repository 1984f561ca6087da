#!/bin/sh
# Make a virtual environment with the packages of a lock and this project, editable.
# usage: scripts/make-venv.sh PYTHON FOLDER LOCKFILE
set -eu
scripts=$(dirname "$0")
"$scripts/install-system.sh" "$1"
rm -rf "$2"
"$1" -m venv "$2"
"$scripts/install-lock.sh" "$2" "$3"
"$2/bin/python" -m pip --disable-pip-version-check install --quiet \
    --no-deps --no-build-isolation --editable .
