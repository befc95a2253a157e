#!/bin/sh
qemu-system-x86_64 \
  -nodefaults \
  -no-user-config \
  -display none \
  -no-reboot \
  -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \
  -machine pc-i440fx-7.2,hpet=on \
  -accel tcg,thread=single \
  -icount shift=0,sleep=off,align=off \
  -seed 1 \
  -rtc base=2026-01-01T00:00:00,clock=vm \
  -cpu max \
  -smp 1 \
  -m 512 \
  -kernel /opt/cache/objects/d2/d201b4c9aa801bb1254cd2759bef8ceee6849889951a1c2564920d1706ae0be0/vmlinuz-6.1.176 \
  -initrd /opt/cache/objects/63/63d1458ce27d56c5ca749ad9bbe4960b45c827b7fe2305d15d73c79b89b51670/probe.cpio \
  -append 'console=ttyS0 ignore_loglevel panic=-1 nokaslr notsc tscprobe.nonce=d1281d82' \
  -serial stdio \
  -qmp unix:qmp.sock,server=on,wait=off
