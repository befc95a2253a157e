/**
 * The kernel's messages about clocks, as its sources write them: what a message is known by where its prefix is not, and
 * where a wrapped one goes on. `*` is a value without a space; a last `...` is any further text.
 */

/** With "tsc: ", in older trees "TSC: " or nothing: arch/x86/kernel/tsc.c, tsc_sync.c, tsc_msr.c. */
const TSC = [
  'Fast TSC calibration using PIT',
  'Fast TSC calibration failed',
  'Fast TSC calibration using MSR',
  'Unable to calibrate against PIT',
  'No reference (HPET/PMTIMER) available',
  'HPET/PMTIMER calibration failed',
  'HPET/PMTIMER calibration failed. Using PIT',
  'Using PIT calibration value',
  'using HPET reference calibration',
  'using PMTIMER reference calibration',
  'PIT calibration matches *. * loops',
  'PIT calibration deviates from *: * *',
  'Detected * MHz processor',
  'Detected * MHz TSC',
  'Refined TSC clocksource calibration: * MHz',
  'TSC freq calibrated by CPUID/MSR differs from what is calibrated by HW timer, please check with vendor!!',
  'TSC freq recalibrated by *: * * MHz',
  'TSC found unstable after boot, most likely due to broken BIOS. Use tsc=unstable.',
  'Marking TSC unstable due to clocksource watchdog',
  'Marking TSC unstable due to TSC halts in idle',
  'Marking TSC unstable due to TSC halts in idle states deeper than C2',
  'Marking TSC unstable due to possible TSC halt in C2',
  'Marking TSC unstable due to TSCs unsynchronized',
  'Marking TSC unstable due to check_tsc_sync_source failed',
  'Marking TSC unstable due to running on Hyper-V',
  'Marking TSC unstable due to KVM discovered backwards TSC',
  'Marking TSC unstable due to could not calculate TSC khz',
  'Marking TSC unstable due to cpufreq changes',
  'Marking TSC unstable due to boot parameter',
  'Marking TSC unstable due to Broken BIOS',
  'Marking TSC unstable due to VMware: TSC not reliable',
  'Marking TSC unstable due to ...',
  'Kernel compiled with CONFIG_X86_TSC, cannot disable TSC completely',
  'Use of notsc, cannot disable TSC completely',
  'Measured * cycles TSC warp between CPUs, turning off TSC clock.',
  'TSC warped randomly between CPUs',
  'Skipped synchronization checks as TSC is reliable.',
  'TSC synchronization [CPU#* -> CPU#*]: ...',
  'TSC ADJUST differs: ...',
  'TSC ADJUST compensate: ...',
  'TSC ADJUST synchronize: ...',
  'ERROR: could not calculate TSC khz, disabling TSC!',
  'initial kernel TSC frequency of ...',
];

const MARK = 'Marking TSC unstable due to ';
const REASONS = TSC.filter((format) => format.startsWith(MARK) && !format.endsWith('...')).map((format) =>
  format.slice(MARK.length),
);
/** So much of a reason tells which it is. */
const REASON_THAT_TELLS = 4;

/** A reason of mark_tsc_unstable() that was cut off, as far as all that begin so agree; any other as it is. */
export function wholeReason(reason: string): string {
  const bare = reason.replace(/[ .\u2026]+$/, '');
  const [first, ...rest] = REASONS.filter((one) => one.startsWith(bare)).toSorted(
    (a, b) => a.length - b.length,
  );
  const agree = first !== undefined && rest.every((one) => one.startsWith(first));
  return agree && bare.length >= REASON_THAT_TELLS ? first : reason;
}

/** With "clocksource: " from 4.2 on: kernel/time/clocksource.c. */
const CLOCKSOURCE = [
  '*: mask: * max_cycles: *, max_idle_ns: * ns',
  '*: mask: * max_cycles: *, max_idle_ns: * ns, ...',
  'Switched to clocksource *',
  'Switching to clocksource *',
  'Override clocksource * is not HRT compatible - cannot switch while in HRT/NOHZ mode',
  'Override clocksource * is unstable and not HRT compatible - cannot switch while in HRT/NOHZ mode',
  'Override clocksource * is not currently HRT compatible - deferring',
  'Clocksource * unstable (delta = * ns)',
  "timekeeping watchdog: Marking clocksource '*' as unstable because the skew is too large:",
  // 3.19 to 4.1
  "timekeeping watchdog: Marking clocksource '*' as unstable, because the skew is too large:",
  "timekeeping watchdog on CPU*: Marking clocksource '*' as unstable because the skew is too large:",
  'timekeeping watchdog on CPU*: * wd-wd read-back delay of *, ...',
  'timekeeping watchdog on CPU*: * read-back delay of *, attempt *, marking unstable',
  'timekeeping watchdog on CPU*: * read-back delay of *',
  'timekeeping watchdog on CPU*: * excessive read-back delay of * vs. limit of *, wd-wd read-back delay only *, attempt *, marking * unstable',
  'timekeeping watchdog on CPU*: * retried * times before success',
  'wd-*-wd read-back delay of *, clock-skew test skipped!',
  '* wd-wd read-back delay of *, clock-skew test skipped!',
  'Long readout interval, skipping watchdog check: cs_nsec: * wd_nsec: *',
  "'*' wd_nsec: * wd_now: * wd_last: * mask: *",
  "'*' cs_nsec: * cs_now: * cs_last: * mask: *",
  "'*' wd_now: * wd_last: * mask: *",
  "'*' cs_now: * cs_last: * mask: *",
  "Clocksource '*' skewed * ns (* ms) over watchdog '*' interval of * ns (* ms)",
  "'*' is current clocksource.",
  "'*' (not '*') is current clocksource.",
  'No current clocksource.',
  "Marking clocksource '*' unstable due to frequency skew",
  "Marking clocksource '*' unstable due to inter CPU skew",
  'Marking clocksource * unstable due to frequency skew',
  'Marking clocksource * unstable due to inter CPU skew',
  'Watchdog * read timed out',
  'Watchdog remote CPU * read timed out',
  'Watchdog * interval: *',
  'Clocksource * interval: *',
  'Checking clocksource * synchronization from CPU * to CPUs ...',
  'CPUs * ahead of CPU * for clocksource *',
  'CPUs * behind CPU * for clocksource *',
  'CPU * check durations * - * for clocksource *.',
];

/** What stands around them in a boot: who is speaking, which references there are, what comes before and after. */
const OTHERS = [
  'Linux version * ...',
  'Command line: ...',
  'Kernel command line: ...',
  'Hypervisor detected: *',
  'Booting paravirtualized kernel on ...',
  'DMI: ...',
  'kvm-clock: Using msrs * and *',
  'kvm-clock: using sched offset of * cycles',
  'kvm-clock: cpu *, msr * primary cpu clock, resume',
  'kvm-clock: cpu *, msr ...',
  'kvm-guest: ...',
  'kvm: SMP vm created on host with unstable TSC; guest TSC will not be reliable',
  'TSC deadline timer enabled',
  'TSC deadline timer available',
  'ACPI: PM-Timer IO Port: *',
  'ACPI: HPET id: * base: *',
  'HPET id: * base: *',
  'hpet0: at MMIO *, IRQs ...',
  'hpet0: * comparators, * MHz counter',
  'hpet clockevent registered',
  'sched_clock: Marking stable ...',
  'sched_clock: Marking unstable ...',
  'Time: * clocksource has been installed.',
  'hrtimer: interrupt took * ns',
  'INFO: NMI handler (*) took too long to run: * msecs',
  'workingset: timestamp_bits=* ...',
  'Trying to unpack rootfs image as initramfs...',
  'Unpacking initramfs...',
  'pnp: PnP ACPI: found * devices',
  'NET: Registered PF_INET protocol family',
  'NET: Registered protocol family *',
  'PCI: CLS * bytes, ...',
  'Initialise system trusted keyrings',
  'io scheduler * registered',
  'Serial: 8250/16550 driver, ...',
  'registered taskstats version *',
  'IPI shorthand broadcast: enabled',
  'Freeing unused kernel ...',
  'Write protecting the kernel ...',
  'Run * as init process',
  'PM: suspend entry (*)',
  'PM: suspend exit',
  'PM: hibernation: hibernation entry',
  'PM: hibernation: hibernation exit',
  'PM: hibernation entry',
  'PM: hibernation exit',
  'ACPI: Preparing to enter system sleep state *',
  'ACPI: PM: Preparing to enter system sleep state *',
  'ACPI: Waking up from system sleep state *',
  'ACPI: PM: Waking up from system sleep state *',
  'Restarting tasks ...',
  'Freezing user space processes ...',
  'TSC frequency is ...',
  'TSC freq read from hypervisor : * MHz',
  'vmware: TSC freq read from hypervisor : * MHz',
  'Calibrating delay loop (skipped) ...',
  'Calibrating delay loop (skipped), value calculated using timer frequency.. ...',
  'BIOS-e820: ...',
];

type Format = readonly string[];

const variants = (formats: readonly string[], prefixes: readonly string[]): string[] =>
  prefixes.flatMap((prefix) => formats.map((format) => `${prefix}${format}`));

const FORMATS: readonly Format[] = [
  ...variants(TSC, ['tsc: ', 'TSC: ', '']),
  ...variants(CLOCKSOURCE, ['clocksource: ', '']),
  ...OTHERS,
].map((format) => format.split(' '));

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
const PATTERNS = new Map<string, RegExp>();

/** Whether a word of a text can be this word of a format; values within a word are digits, letters, anything. */
function fits(word: string, form: string): boolean {
  if (form === '*') return word !== '';
  // Some of them end in a full stop in some versions.
  if (!form.includes('*')) return word === form || word === `${form}.`;
  let pattern = PATTERNS.get(form);
  if (pattern === undefined) {
    pattern = new RegExp(`^${form.split('*').map(escaped).join('.{1,80}?')}$`);
    PATTERNS.set(form, pattern);
  }
  return pattern.test(word);
}

interface FormatMatch {
  /** Words of the format that the text has from its start. */
  readonly words: number;
  /** All of them are there; a format that ends in `...` is never known to be whole. */
  readonly whole: boolean;
  /** Words that are not values: a match of values alone says nothing. */
  readonly literals: number;
}

const NAME = /^[a-z][\w.-]*$/;
const NO_MATCH: FormatMatch = { words: 0, whole: false, literals: 0 };
const BY_FIRST = new Map<string, Format[]>();
const BY_VALUE: Format[] = [];
for (const format of FORMATS) {
  const first = format[0] ?? '';
  if (first.includes('*')) BY_VALUE.push(format);
  else BY_FIRST.set(first, [...(BY_FIRST.get(first) ?? []), format]);
}

function matchFormat(words: readonly string[], format: Format): FormatMatch {
  let literals = 0;
  for (let i = 0; i < format.length; i++) {
    const form = format[i] ?? '';
    if (form === '...') return { words: i + (words.length > i ? 1 : 0), whole: false, literals };
    if (i >= words.length || !fits(words[i] ?? '', form)) return { words: i, whole: false, literals };
    // A message begins with a name, and not with the mark or the number that stands in front of it.
    if (i === 0 && form === '*' && !NAME.test(words[0] ?? '')) return { words: 0, whole: false, literals };
    if (form !== '*') literals += 1;
  }
  return { words: format.length, whole: true, literals };
}

/** The format that a text, from its first word on, is most of. */
export function bestFormat(text: string): FormatMatch {
  const words = text.split(/ +/, 40);
  let best = NO_MATCH;
  for (const format of [...(BY_FIRST.get(words[0] ?? '') ?? []), ...BY_VALUE]) {
    const match = matchFormat(words, format);
    if (match.literals > best.literals || (match.literals === best.literals && match.words > best.words))
      best = match;
  }
  return best;
}

/** So many words that are no values make a text the beginning of a message. */
const LITERALS_THAT_TELL = 2;

/** A message of the kernel stands here, whole or cut off; `LITERALS_THAT_TELL` if it is cut, or all it has. */
export function isMessage(text: string): boolean {
  const { literals, whole } = bestFormat(text);
  return literals >= LITERALS_THAT_TELL || (whole && literals > 0);
}
