#!/bin/sh
# Install Debian packages: as root, after saying so. Anyone else reads what to type.
# usage: scripts/install-packages.sh PACKAGE...
set -eu
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Packages are missing; install them, or their equivalents outside Debian." \
        "Type: sudo apt-get update && sudo apt-get install $*" >&2
    exit 1
fi
echo "Installing Debian packages: $*"
log=$(mktemp)
trap 'rm -f "$log" "${policy-}"' EXIT
# a service that a package brings is not started, nor a running one restarted
if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
fi
export DEBIAN_FRONTEND=noninteractive
{ apt-get -q update && apt-get -q install -y --no-install-recommends "$@"; } \
    >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
}
