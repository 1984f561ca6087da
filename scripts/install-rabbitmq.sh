#!/bin/sh
# See that RabbitMQ is installed; it need not run, and is not started here. Debian's
# package would start it: that is prevented, so that no running broker is touched.
set -eu
[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need RabbitMQ. Install it: sudo apt-get install rabbitmq-server" >&2
    exit 1
fi
echo "Installing RabbitMQ from Debian's packages, once"
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod +x $policy
    trap 'rm -f $policy' EXIT
fi
apt-get -qq update
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y rabbitmq-server >/dev/null
