#!/bin/sh
# Makes the multiboot image of svm-inject.c. -N keeps the multiboot header within the first 8 KiB of the file.
set -eu
exec gcc -m32 -std=gnu17 -O2 -Wall -Wextra -Werror -ffreestanding -fno-pic -fno-stack-protector -mgeneral-regs-only \
	-fno-asynchronous-unwind-tables -nostdlib -static -no-pie -Wl,-N,--build-id=none,-Ttext=0x100000 \
	-o "${1:?give the file to make}" "$(dirname "$0")/svm-inject.c"
