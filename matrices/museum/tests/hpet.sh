#!/bin/sh
# Disturbs the HPET behind the kernel's back, waits, and says what became of the TSC. The registers are written through /dev/mem.
#   hpet.sh stop|jump:TICKS SECONDS [NAME=TEXT]...
# stop: its counter stands still. jump: it goes forward by so many ticks of 10 ns, once.
# Numbers: tsc_current is 1 if tsc, or tsc-early, is still the current clocksource, else 0; NAME is how many lines with TEXT the
# kernel has said since.
config=0xfed00010
counter=0xfed000f0
current=/sys/devices/system/clocksource/clocksource0/current_clocksource

event=$1
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
case $event in
  jump:*)
    devmem $counter 32 $((($(devmem $counter 32) + ${event#jump:}) & 0xffffffff))
    devmem $config 32 $((was))
    ;;
esac
sleep "$seconds"
dmesg >said
cat said
if is_tsc; then echo tsc_current=1; else echo tsc_current=0; fi
for pair; do
  echo "${pair%%=*}=$(grep -c "${pair#*=}" said)"
done
exit 0
