#!/bin/sh
# Takes CPU 1 offline: msr_errors is how often the kernel says meanwhile that an MSR could not be accessed.
dmesg -c >/dev/null
echo 0 >/sys/devices/system/cpu/cpu1/online || exit 4
sleep 1
dmesg >said
cat said
echo "msr_errors=$(grep -c "unchecked MSR access error" said)"
exit 0
