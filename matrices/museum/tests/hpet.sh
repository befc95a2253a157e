#!/bin/sh
# Moves the HPET's counter forward behind the kernel's back, waits, and says what became of the TSC. Its registers are written
# through /dev/mem. While its counter is written the HPET stands still, which takes some ms off.
#   hpet.sh TICKS SECONDS [NAME=TEXT]...
# TICKS: by so many of its ticks of 10 ns. SECONDS: how long it waits.
# Numbers: tsc_current is 1 if tsc, or tsc-early, is still the current clocksource, else 0; NAME is how many lines with TEXT the
# kernel has said since.
config=0xfed00010
counter=0xfed000f0
current=/sys/devices/system/clocksource/clocksource0/current_clocksource

ticks=$1
seconds=$2
shift 2
is_tsc() {
  case $(cat $current) in tsc | tsc-early) ;; *) false ;; esac
}
if ! is_tsc; then
  echo "the current clocksource is $(cat $current)"
  exit 4
fi
dmesg -c >/dev/null
was=$(devmem $config 32) || exit 4
devmem $config 32 $((was & ~1))
devmem $counter 32 $((($(devmem $counter 32) + ticks) & 0xffffffff))
devmem $config 32 $((was))
sleep "$seconds"
dmesg >said
cat said
if is_tsc; then echo tsc_current=1; else echo tsc_current=0; fi
for pair; do
  echo "${pair%%=*}=$(grep -c "${pair#*=}" said)"
done
exit 0
