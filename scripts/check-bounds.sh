#!/bin/sh
# Use the wheel of this checkout with the versions in a virtual environment: every help
# text, the demo, and the tests of plans.
# usage: scripts/check-bounds.sh FOLDER
set -eu
command=$1/bin/zocalo-ioc
pip="$1/bin/python -m pip --disable-pip-version-check"
dist=$(mktemp -d)
trap 'rm -rf "$dist" build' EXIT
$pip wheel --quiet --no-deps --no-build-isolation -w "$dist" .
$pip install --quiet --no-deps --force-reinstall "$dist"/*.whl

"$command" --help >"$dist/help"
for name in $(sed -n 's/^  \([a-z]\{1,\}\)  .*/\1/p' "$dist/help"); do
    "$command" "$name" --help >/dev/null
done
"$(dirname "$0")/try-demo.sh" "$command" demo
worker=
[ ! -x "$1/bin/blueapi" ] || worker=tests/system/test_blueapi.py
# deprecations in the old versions of other packages are not errors here
"$1/bin/python" -m pytest -q -n 2 --dist loadfile -W default --disable-warnings \
    $worker tests/system/test_bluesky.py tests/system/test_drop_in.py \
    tests/system/test_ophyd.py tests/system/test_zocalo_device.py
