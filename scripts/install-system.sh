#!/bin/sh
# Check that the machine has Python with venv and, for the tests, RabbitMQ,
# MariaDB and procServ.
# usage: scripts/install-system.sh PYTHON [rabbitmq]
set -eu
"$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11" >&2
    exit 1
}
missing=
"$1" -c 'import ensurepip' 2>/dev/null ||
    missing=$("$1" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')
case ${2-} in
rabbitmq)
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing="$missing rabbitmq-server"
    [ -x /usr/sbin/mariadbd ] || missing="$missing mariadb-server"
    command -v procServ >/dev/null || missing="$missing procserv"
    ;;
esac
# shellcheck disable=SC2086
[ -z "$missing" ] || "$(dirname "$0")/install-packages.sh" $missing
