#!/bin/sh
# See that a Phoebus can be started without a screen, for `make screens`.
# usage: scripts/install-phoebus.sh FOLDER
# FOLDER gets Phoebus from Maven Central, unless it has one: product-*.jar, or all in lib/.
set -eu
folder=$1

missing=
for command in Xvfb xdotool import java mvn; do
    command -v $command >/dev/null || missing="$missing $command"
done
ldconfig -p | grep -q libgtk-3.so.0 || missing="$missing GTK"
if [ -n "$missing" ]; then
    echo "Phoebus needs:$missing" >&2
    "$(dirname "$0")/install-packages.sh" \
        xvfb xdotool imagemagick openjdk-17-jre maven libgtk-3-0 libgl1
fi

ls "$folder"/product-*.jar "$folder"/lib/product-*.jar >/dev/null 2>&1 && exit 0
echo "Getting Phoebus from Maven Central, once"
mvn -q -B -f "$(dirname "$0")/../opi/phoebus/pom.xml" \
    dependency:copy-dependencies -DoutputDirectory="$(realpath -m "$folder")/lib" || {
    echo "Maven has no Phoebus here. Give a folder that has one: make screens PHOEBUS=…" >&2
    exit 1
}
