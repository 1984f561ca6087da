#!/bin/sh
# Check that a Phoebus can be started without a screen, for `make screens`.
# usage: scripts/install-phoebus.sh FOLDER [SOURCE]
# FOLDER has a build of Phoebus: its jars, or a lib/ with them. If it has none, what the
# screens need is compiled from SOURCE, a checkout of Phoebus, into it, once.
set -eu
folder=$1 source=${2-} javafx=21.0.11

missing=
for command in Xvfb xdotool import; do
    command -v $command >/dev/null || missing="$missing $command"
done
ldconfig -p | grep -q libgtk-3.so.0 || missing="$missing GTK"
if [ -n "$missing" ]; then
    echo "Phoebus needs:$missing" >&2
    "$(dirname "$0")/install-packages.sh" xvfb xdotool imagemagick libgtk-3-0 libgl1
fi

has_phoebus() {
    for jar in "$folder"/product-*.jar "$folder"/lib/*launcher-*.jar; do
        [ -e "$jar" ] && return
    done
    return 1
}
has_phoebus && exit 0
if [ -z "$source" ]; then
    cat >&2 <<EOF
There is no Phoebus in $folder. Either name a folder with a build of it,
  make screens PHOEBUS=/opt/phoebus
or a checkout of its sources, to compile what is needed; that takes Maven, a JDK of the
version that Phoebus asks for (JAVA_HOME) and some minutes, once:
  git clone https://github.com/ControlSystemStudio/phoebus
  make screens PHOEBUS_SOURCE=phoebus
EOF
    exit 1
fi
command -v mvn >/dev/null || { echo "Maven is missing" >&2; exit 1; }
echo "Compiling Phoebus from $source, once"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
git -C "$source" archive HEAD | tar -x -C "$build"
# Maven Central does not have what reads the Archiver Appliance
reader=$build/app/trends/archive-reader
rm -rf "$reader"/src/main/java/org/phoebus/archive/reader/appliance
sed -i '/appliance/d' "$reader"/src/main/resources/META-INF/services/*
perl -0pi -e 's{<dependency>\s*<groupId>org.epics</groupId>\s*<artifactId>pbrawclient</artifactId>.*?</dependency>}{}s' \
    "$reader/pom.xml"
mkdir -p "$folder/lib"
lib=$(realpath "$folder/lib")
# no git commit is there to ask for
mvn -q -B -f "$build" -Dmaven.test.skip=true -Dmaven.gitcommitid.skip=true \
    -Dopenjfx.version=$javafx -am \
    -pl core/launcher,core/pv-ca,core/pv-pva,app/display/runtime,app/display/fonts \
    package dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$lib"
find "$build" -path '*/target/*.jar' -exec cp {} "$lib" \;
