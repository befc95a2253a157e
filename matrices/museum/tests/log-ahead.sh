#!/bin/sh
# By how much the times in the kernel's log are ahead of the uptime: log_ahead_ms.
read -r uptime _ </proc/uptime
echo "log-ahead is here" >/dev/kmsg
dmesg | awk -v uptime="$uptime" '
  /log-ahead is here/ { sub(/^[^[]*\[ */, ""); sub(/\].*/, ""); printf "log_ahead_ms=%d\n", ($0 - uptime) * 1000 }'
