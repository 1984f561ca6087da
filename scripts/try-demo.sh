#!/bin/bash
# Start the demo, type into another shell what it prints, and end it with Ctrl-C.
# usage: scripts/try-demo.sh COMMAND...
# COMMAND starts the demo: make demo, or zocalo-ioc demo
set -euo pipefail
log=$(mktemp)
limit=$((SECONDS + 1200))
set -m # so that Ctrl-C reaches the demo alone
"$@" >"$log" 2>&1 &
demo=$!
trap 'kill -KILL -- -$demo 2>/dev/null || true; rm "$log"' EXIT

until grep -q '^Ctrl-C here ends the demo' "$log"; do
    if ! kill -0 $demo 2>/dev/null || [ $SECONDS -gt $limit ]; then
        cat "$log" >&2
        exit 1
    fi
    sleep 0.2 # between two looks, up to the limit
done
typed=$(sed -n '/^In another terminal/,/^Ctrl-C/s/^  //p' "$log")
shown=$(bash -euc "$typed") && grep 'STATE.*Done' <<<"$shown" || {
    cat "$log" - <<<"$shown" >&2
    exit 1
}
kill -INT -- -$demo
timeout 20 tail --pid=$demo -f /dev/null || {
    echo "Ctrl-C did not end the demo" >&2
    exit 1
}
