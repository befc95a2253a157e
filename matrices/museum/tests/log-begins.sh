#!/bin/sh
# The first time in the kernel's log that is not 0: log_begins_us.
dmesg | awk '
  { sub(/^[^[]*\[ */, ""); sub(/\].*/, "") }
  $0 + 0 > 0 { printf "log_begins_us=%d\n", $0 * 1000000; exit }'
