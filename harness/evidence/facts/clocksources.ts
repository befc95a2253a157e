/** Registrations, switches, unstable marks and what leads to them. */
import type { LogLine } from '../log-lines.ts';
import { findAll, findFirst, findNamed, found } from './find.ts';
import type { Facts, Mark } from './types.ts';

type Part = Pick<
  Facts,
  | 'registered'
  | 'switches'
  | 'marks'
  | 'warps'
  | 'tscAdjust'
  | 'syncSkipped'
  | 'deadlineTimer'
  | 'notscRefused'
  | 'overrides'
  | 'references'
  | 'interruptions'
  | 'beforeInit'
  | 'afterInit'
  | 'kvmClock'
>;

export function clocksourceFacts(lines: readonly LogLine[]): Part {
  return {
    // kernel/time/clocksource.c __clocksource_update_freq_scale(), 4.1 on (4.1 itself without the first colon)
    registered: findNamed(lines, /^clocksource:? (\S+): mask: 0x/),
    // up to 4.1 without the prefix; 2.6 says "Switching to"
    switches: findNamed(lines, /^(?:clocksource: )?Switch(?:ed|ing) to clocksource (\S+)/).map((s) => ({
      ...s,
      prefixed: /clocksource: Switch/.test(s.text),
    })),
    marks: markFacts(lines),
    // arch/x86/kernel/tsc_sync.c
    warps: findAll(lines, /^(?:Measured \d+ cycles TSC warp between CPUs|TSC warped randomly between CPUs)/),
    tscAdjust: findAll(lines, /TSC ADJUST(?::| differs| compensate| synchronize)|TSC_ADJUST/),
    syncSkipped: findFirst(lines, /^Skipped synchronization checks as TSC is reliable/i),
    deadlineTimer: findFirst(lines, /TSC[ _-]deadline timer/i),
    notscRefused: findFirst(lines, /cannot disable TSC completely/),
    overrides: findNamed(lines, /Override clocksource (\S+) is /),
    references: {
      // arch/x86/kernel/acpi/boot.c acpi_parse_fadt(), acpi_parse_hpet(); drivers/char/hpet.c
      pmTimer: findFirst(lines, /(?:ACPI: |Jailhouse: )?PM-Timer IO Port: |^clocksource:? acpi_pm: mask/),
      hpet: findFirst(
        lines,
        /^(?:ACPI: )?HPET id: |^hpet(?:0|_acpi_add)?: (?:at MMIO|\d comparators)|^clocksource:? hpet: mask/,
      ),
    },
    interruptions: findAll(
      lines,
      /^PM: (?:suspend entry|suspend exit|resume|Finishing wakeup)|^(?:watchdog: )?BUG: soft lockup|^INFO: rcu_\w+ (?:self-)?detected (?:expedited )?stall|^rcu: INFO: rcu_\w+ (?:self-)?detected|NMI watchdog: Watchdog detected hard LOCKUP|^hrtimer: interrupt took \d{8,} ns|clocksource: Long readout interval|guest (?:was )?(?:paused|stopped)/i,
    ),
    // fs_initcall and rootfs_initcall: before every device_initcall
    beforeInit: findAll(
      upToSecondSwitch(lines),
      /^(?:clocksource: )?Switched to clocksource |^clocksource:? acpi_pm: mask|^Trying to unpack rootfs image|^Unpacking initramfs|^pnp: PnP ACPI: found|^NET: Registered (?:protocol family 2$|PF_INET protocol)|^PCI: CLS /,
    ),
    // arch/x86/kernel comes first among the device_initcalls (link order); these come later
    afterInit: findAll(
      lines,
      /^Initiali[sz]e system trusted keyrings|^workingset: timestamp_bits|^io scheduler \S+ registered|^Block layer SCSI generic|^Serial: 8250\/16550 driver|^registered taskstats version|^sched_clock: Marking stable|^IPI shorthand broadcast|^Freeing unused kernel|^Write protecting the kernel|^Run \S+ as init|^systemd\[1\]/,
    ),
    kvmClock: findAll(lines, /^kvm-clock: |^clocksource:? kvm-clock: mask/),
  };
}

/** The first switch is clocksource_done_booting(), an fs_initcall; what comes after a second one may be late. */
function upToSecondSwitch(lines: readonly LogLine[]): readonly LogLine[] {
  const isSwitch = (line: LogLine): boolean => /^(?:clocksource: )?Switched to clocksource /.test(line.text);
  const first = lines.findIndex(isSwitch);
  const second = lines.findIndex((line, index) => index > first && isSwitch(line));
  return first < 0 || second < 0 ? lines : lines.slice(0, second);
}

/** mark_tsc_unstable() and tsc_cs_mark_unstable(): "tsc: Marking TSC unstable due to REASON". */
function markFacts(lines: readonly LogLine[]): Mark[] {
  return lines.flatMap((line) => {
    const match = /^(?:tsc: )?Marking TSC unstable due to:? (.+)$/.exec(line.text);
    return match === null ? [] : [{ ...found(line), reason: (match[1] ?? '').trim() }];
  });
}
