#!/bin/sh
# How much time goes by in the kernel's log while two seconds do: log_ms.
echo "log-time begins" >/dev/kmsg
sleep 2
echo "log-time ends" >/dev/kmsg
dmesg | awk '
  /log-time (begins|ends)/ { sub(/^[^[]*\[ */, ""); sub(/\].*/, ""); at[n++] = $0 }
  END { printf "log_ms=%d\n", (at[1] - at[0]) * 1000 }'
