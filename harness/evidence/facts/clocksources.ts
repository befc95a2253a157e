/** Registrations, switches, unstable marks and what leads to them. */
import type { LogLine } from '../log-lines.ts';
import { wholeReason } from '../messages.ts';
import { findAll, findFirst, findNamed, found } from './find.ts';
import type { Facts, Mark, UnstableSign } from './types.ts';

type Part = Pick<
  Facts,
  | 'registered'
  | 'switches'
  | 'marks'
  | 'warps'
  | 'unstableSigns'
  | 'hpetHz'
  | 'kvmHost'
  | 'tscAdjust'
  | 'syncSkipped'
  | 'deadlineTimer'
  | 'notscRefused'
  | 'references'
  | 'interruptions'
  | 'beforeInit'
  | 'afterInit'
  | 'kvmClock'
>;

/** Words that say that the TSC is unstable, and not why. */
const SIGNS: readonly (readonly [UnstableSign, RegExp])[] = [
  // kernel/sched/clock.c __sched_clock_work(): mark_tsc_unstable() after the boot was done; 4.11 and 4.12 have the second alone
  ['sched-clock', /^TSC found unstable after boot|^sched_clock: Marking unstable \(/],
  // arch/x86/kvm/x86.c kvm_arch_vcpu_precreate(): check_tsc_unstable() of the host
  ['kvm-host', /^kvm: SMP vm created on host with unstable TSC/],
  // kernel/time/clocksource.c __clocksource_select(), for CLOCK_SOURCE_UNSTABLE alone
  // the mark, whose reason was cut off
  ['cut-off', /^(?:tsc: )?Marking TSC unstable(?: due(?: to:?)?)?[ .]*$/],
  ['override', /^(?:clocksource: )?Override clocksource tsc is unstable and not HRT compatible/],
];

/** Suspend (not S5, which is power-off), hibernation, lockups, stalls, and timers that were late by 10 ms and more. */
const INTERRUPTED = new RegExp(
  [
    // drivers/base/power/main.c dpm_show_time(), pm_verb(): "early resume of devices complete after ..."
    '^PM: (?:(?:late|early|noirq) )?(?:suspend|resume|freeze|thaw|restore|quiesce|hibernate|recover) (?:of )?devices',
    '^PM: (?:suspend entry|suspend exit|Finishing wakeup|Restoring platform)',
    // kernel/power/hibernate.c, snapshot.c. Each boot says "PM: hibernation: Registered nosave memory".
    '^PM: (?:hibernation: )?(?:hibernation: )?(?:hibernation (?:entry|exit)|(?:Creating|Preallocating|Need to copy|Saving|Loading)\\b|(?:Wrote|Read|Allocated) \\d|Image (?:created|restored|saving|loading))',
    '^PM: (?:Syncing filesystems|Entering mem sleep|Preparing system for)',
    '^ACPI: (?:PM: )?(?:Preparing to enter system sleep state S[1-4]|Waking up from system sleep state S[1-4])',
    '^(?:OOM killer enabled|Restarting tasks)',
    '^(?:watchdog: )?BUG: soft lockup',
    '^INFO: rcu_\\w+ (?:self-)?detected (?:expedited )?stall',
    '^rcu: INFO: rcu_\\w+ (?:self-)?detected',
    'NMI watchdog: Watchdog detected hard LOCKUP',
    '^hrtimer: interrupt took \\d{8,} ns',
    // arch/x86/kernel/nmi.c nmi_check_duration(); below 10 ms as of hrtimer
    '^(?:NMI: )?INFO: NMI handler \\(.*\\) took too long to run: \\d{2,}\\.\\d{3} msecs',
    'clocksource: Long readout interval',
    'guest (?:was )?(?:paused|stopped)',
    '^Freezing (?:user ?space processes|remaining freezable tasks)',
    // arch/x86/kernel/kvmclock.c kvm_restore_sched_clock_state()
    '^kvm-clock: cpu \\d+, msr .*, resume$',
  ].join('|'),
  'i',
);

/** drivers/char/hpet.c hpet_alloc(): "hpet0: 3 comparators, 64-bit 100.000000 MHz counter". */
function hpetHz(lines: readonly LogLine[]): number | null {
  for (const { text } of lines) {
    const match = /^hpet\d?: \d+ comparators, \d+-bit (\d{1,4}\.\d{6}) MHz counter/.exec(text);
    if (match !== null) return Math.round(Number(match[1]) * 1e6);
  }
  return null;
}

export function clocksourceFacts(lines: readonly LogLine[]): Part {
  return {
    // kernel/time/clocksource.c __clocksource_update_freq_scale(), 4.1 on (4.1 itself without the first colon)
    registered: findNamed(lines, /^clocksource:? ([\w.-]+): mask: 0x/),
    // up to 4.1 without the prefix; 2.6 says "Switching to"
    // up to 2.6.30 kernel/time/timekeeping.c change_clocksource(): "Time: hpet clocksource has been installed."
    switches: findNamed(
      lines,
      /^(?:(?:clocksource: )?Switch(?:ed|ing) to clocksource (?=\S)|Time: (?=\S+ clocksource has been installed))([\w.-]+)/,
    ).map((s) => ({
      ...s,
      prefixed: /clocksource: Switch/.test(s.text),
    })),
    marks: markFacts(lines),
    // arch/x86/kernel/tsc_sync.c
    warps: findAll(lines, /^(?:Measured \d+ cycles TSC warp between CPUs|TSC warped randomly between CPUs)/),
    unstableSigns: SIGNS.flatMap(([sign, pattern]) => findAll(lines, pattern).map((f) => ({ ...f, sign }))),
    hpetHz: hpetHz(lines),
    // arch/x86/kvm/x86.c, svm/svm.c: what only a host of guests prints
    kvmHost: findFirst(
      lines,
      /^kvm: (?:SMP vm created|Nested Virtualization enabled|Nested Paging enabled)|^(?:SVM|kvm_amd): (?:kvm: Nested Paging enabled|Nested Virtualization enabled|TSC scaling supported)/,
    ),
    tscAdjust: findAll(lines, /TSC ADJUST(?::| differs| compensate| synchronize)|TSC_ADJUST/),
    syncSkipped: findFirst(lines, /^Skipped synchronization checks as TSC is reliable/i),
    deadlineTimer: findFirst(lines, /TSC[ _-]deadline timer/i),
    notscRefused: findFirst(lines, /cannot disable TSC completely/),
    references: {
      // arch/x86/kernel/acpi/boot.c acpi_parse_fadt(), acpi_parse_hpet(); drivers/char/hpet.c
      pmTimer: findFirst(lines, /(?:ACPI: |Jailhouse: )?PM-Timer IO Port: |^clocksource:? acpi_pm: mask/),
      hpet: findFirst(
        lines,
        /^(?:ACPI: )?HPET id: |^hpet(?:0|_acpi_add)?: (?:at MMIO|\d comparators)|^clocksource:? hpet: mask/,
      ),
    },
    interruptions: findAll(lines, INTERRUPTED),
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
    const match = /^(?:tsc: )?Marking TSC unstable due to ?:? (.*[^ .].*)$/.exec(line.text);
    return match === null ? [] : [{ ...found(line), reason: wholeReason((match[1] ?? '').trim()) }];
  });
}
