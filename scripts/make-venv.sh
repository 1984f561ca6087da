#!/bin/sh
# Make a virtual environment with the packages of a lock and this project, editable.
# The file .ready in it is written last.
# usage: scripts/make-venv.sh PYTHON FOLDER LOCKFILE
set -eu
scripts=$(dirname "$0")
"$scripts/install-system.sh" "$1"
# one at a time: another make may be at it, or have done it
exec 9>>"$3"
flock 9 2>/dev/null || true # some file systems have no locks
[ ! "$2/.ready" -nt "$3" ] || [ ! "$2/.ready" -nt pyproject.toml ] || exit 0
echo "Setting up $2"
rm -rf "$2"
# python -m venv, which Ctrl-C ends without a traceback
"$1" -c 'import runpy, signal as s; s.signal(s.SIGINT, s.SIG_DFL); runpy.run_module("venv")' "$2"
"$scripts/install-lock.sh" "$2" "$3"
"$2/bin/python" -m pip --disable-pip-version-check install --quiet \
    --no-deps --no-build-isolation --editable .
touch "$2/.ready"
