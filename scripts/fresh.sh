#!/bin/bash
# Run `make demo` and `make test` of this checkout, as it is committed, in new Debian
# systems with nothing but Python, make and git: as root, and as an ordinary user who
# types what he is told.
# usage, as root, on Debian: scripts/fresh.sh
# These variables choose fewer: SUITES, NAMES and TARGETS.
set -euo pipefail
cd "$(dirname "$0")/.."
suites=${SUITES:-bookworm trixie} names=${NAMES:-root user} targets=${TARGETS:-demo test}
if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    echo "Root and debootstrap are needed: apt-get install debootstrap" >&2
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT

# Make a system that reaches the network as this machine does.
make_system() { # SUITE FOLDER
    local mirror file
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' | head -1)
    debootstrap --variant=minbase --include=python3,make,git,ca-certificates \
        "$1" "$2" "$mirror" >"$work/log" 2>&1 || { cat "$work/log" >&2 && return 1; }
    apt-config dump | grep -E '^Acquire::(http|Check|Retries)' \
        >"$2/etc/apt/apt.conf.d/00machine" || true
    for file in /etc/hosts /etc/resolv.conf /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
        [ ! -e $file ] || cp -L $file "$2$file"
    done
    # a service that the user installs is not started: it would be on this machine's network
    printf '#!/bin/sh\nexit 101\n' >"$2/usr/sbin/policy-rc.d"
    chmod +x "$2/usr/sbin/policy-rc.d"
    chroot "$2" useradd --create-home --shell /bin/bash user
}

# Run a line in the clone of a system; all that it starts ends with it.
inside() { # FOLDER NAME LINE
    local home=/home/$2 passed
    [ "$2" = user ] || home=/root
    mapfile -t passed < <(
        env | grep -iE '^(PIP_|SSL_CERT_|[a-z]+_proxy=)' | grep -v ^PIP_FIND_LINKS
    )
    unshare --mount --pid --fork --kill-child bash -c '
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        exec chroot --userspec="$2" "$1" env -i "${@:3}"' - "$1" "$2:$2" \
        HOME="$home" USER="$2" PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        "${passed[@]}" bash -c "cd /srv/zocalo-ioc && $3"
}

# Run a target, and once more after what an ordinary user was told to type.
run_target() { # FOLDER NAME LINE
    local told
    inside "$1" "$2" "$3" 2>&1 | tee "$work/log" && return
    told=$(sed -n '/.*Type: /{s///;s/sudo //g;p}' "$work/log")
    [ -n "$told" ] || return 1
    inside "$1" root "$told -y" >/dev/null 2>&1
    inside "$1" "$2" "$3" 2>&1
}

for suite in $suites; do
    make_system "$suite" "$work/$suite"
    for name in $names; do
        system=$work/$suite-$name
        cp -a "$work/$suite" "$system"
        git clone --quiet --no-hardlinks . "$system/srv/zocalo-ioc"
        chroot "$system" chown -R "$name:" /srv/zocalo-ioc
        for target in $targets; do
            line="make $target"
            [ "$target" != demo ] || line="scripts/try-demo.sh make demo"
            SECONDS=0
            echo "== $suite, $name: make $target"
            run_target "$system" "$name" "$line"
            echo "== $suite, $name: make $target passed in $SECONDS s"
        done
        rm -rf --one-file-system "$system"
    done
    rm -rf --one-file-system "${work:?}/$suite"
done
