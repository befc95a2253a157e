/** What to ask for, in words that can be typed. */
export const SYSFS = '/sys/devices/system/clocksource/clocksource0';
export const ASK = {
  available: `Send the output of: cat ${SYSFS}/available_clocksource`,
  current: `Send the output of: cat ${SYSFS}/current_clocksource`,
  dmesg:
    'Send the whole kernel log of the boot, with its times: dmesg, or journalctl -k -b -o short-monotonic',
  cmdline: 'Send the output of: cat /proc/cmdline',
  flags: 'Send the output of: grep -m1 ^flags /proc/cpuinfo',
  sameBoot:
    'Send the log, the list of available clocksources and the current one again, all of the same boot and moment.',
  version: 'Send the output of: uname -r',
} as const;
