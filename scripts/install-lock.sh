#!/bin/sh
# Install all packages of a lock into a virtual environment. A lock is complete: nothing
# is resolved, and nothing is built with packages that are not in it.
# usage: scripts/install-lock.sh FOLDER LOCKFILE
set -eu
"$1/bin/python" -m pip --disable-pip-version-check install --quiet \
    --no-deps --only-binary :all: --require-hashes -r "$2"
