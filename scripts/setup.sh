#!/bin/sh
# Installs what the project needs and does not have: Debian packages, then Node packages. Quiet and quick when all is
# there. If it may not install, it says the exact command and ends with 69. "setup.sh test" adds what tests need;
# "setup.sh debian" installs Debian packages alone, for an image whose Node packages come from elsewhere.
set -eu
cd "$(dirname "$0")/.."

# What each is for: docs/requirements.md. libatomic1 is for the pinned Node itself.
packages="libatomic1 qemu-system-x86 qemu-system-data seabios gcc libc6-dev busybox-static util-linux
	debian-archive-keyring libarchive-tools make flex bison bc libelf-dev lz4 xz-utils patch git
	ninja-build python3-venv binutils libglib2.0-dev libpcre2-dev zlib1g-dev libfdt-dev libseccomp-dev"
# Only the tests use these: validators, an sshd to talk to, packages to make, a browser for the pages.
if [ "${1:-}" = test ]; then
	packages="$packages libxml2-utils openssh-client openssh-server rpm cpio binutils chromium crash rsync"
fi

debian_packages() {
	missing=
	for package in $packages; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
		[ "$status" = installed ] || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	install="apt-get install -y --no-install-recommends$missing"
	as=
	if [ "$(id -u)" != 0 ]; then
		if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as="sudo -n"; else
			echo "setup: these Debian packages are missing and need root; please type:" >&2
			echo "  sudo apt-get update && sudo $install" >&2
			exit 69
		fi
	fi
	echo "setup: installing Debian packages:$missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	$as apt-get update -q >&2
	$as $install >&2
}

if command -v dpkg-query >/dev/null 2>&1; then
	debian_packages
else
	for program in qemu-system-x86_64 gcc busybox setpriv flock make patch bsdtar; do
		command -v "$program" >/dev/null 2>&1 || {
			echo "setup: $program is missing, and this is not a Debian system; please install it" >&2
			exit 69
		}
	done
fi

[ "${1:-}" != debian ] || exit 0
if ! cmp -s package-lock.json node_modules/.tscmatrix-lock; then
	echo "setup: installing Node packages" >&2
	npm ci --no-audit --no-fund --loglevel=error >&2
	cp package-lock.json node_modules/.tscmatrix-lock
fi
sh scripts/link-node.sh
