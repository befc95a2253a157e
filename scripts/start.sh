#!/bin/sh
# npm start: installs what is missing, then boots the main matrix.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
# The matrix boots kernels, a QEMU and an appliance that are built here, which takes ten minutes and more. So the first time a
# released kernel is booted before, on the system's QEMU: it needs nothing built but the probe.
if [ ! -e results/latest ]; then
	echo "A first guest: Debian's kernel in plain emulation, with the ACPI PM timer as its reference." >&2
	./tscmatrix boot debian:linux-image-cloud-amd64@bookworm --topology tcg --emulator system --hpet off ||
		[ $? != 130 ] || exit 130
	echo >&2
	echo "Now the main matrix. Its kernels, QEMU and appliance are built first, which takes some ten minutes on 2 CPUs." >&2
fi
exec ./tscmatrix run matrices/seed.yaml
