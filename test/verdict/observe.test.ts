import { describe, expect, test } from 'vitest';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import type { Ending } from '../../harness/guest/ending/ending.ts';
import { ppmBetween } from '../../harness/verdict/accuracy.ts';
import { observe } from '../../harness/verdict/observe.ts';
import { bytes, frame, NONCE, report } from '../evidence/frame-text.ts';
import { LAUNCH, LOG, MACHINE, REPORT_FRAMES } from './sample-boot.ts';

type Frames = readonly (readonly [string, string])[];
const FINISHED: Ending = { kind: 'finished' };
const TRUE_1_GHZ = { khz: 1_000_000, from: 'icount' };

function boot(log: readonly string[] = LOG, frames: Frames = REPORT_FRAMES): string[] {
  return report([...frames, ...log.map((line) => ['dmesg', line] as const)]);
}
function see(console: readonly string[], ending: Ending = FINISHED, machine = MACHINE) {
  const evidence = gatherEvidence(bytes(console, '\r\n'), NONCE);
  return observe({ launch: LAUNCH, ending, evidence, machine, trueKhz: TRUE_1_GHZ });
}
const polls = (list: readonly string[], state: string): Frames => [
  ...REPORT_FRAMES.filter(([kind]) => kind !== 'poll' && kind !== 'settled'),
  ...list.map((payload) => ['poll', payload] as const),
  ['settled', `state=${state} t_ns=9600000000`],
];
const without = (pattern: RegExp, log = LOG) => log.filter((line) => !pattern.test(line));

test('a whole report with a refined line is refined, with its frequency and how far it is off', () => {
  expect(see(boot())).toMatchObject({
    verdict: 'refined',
    current: 'tsc',
    available: ['tsc', 'hpet', 'acpi_pm'],
    kernelKhz: 1_000_000,
    trueKhz: 1_000_000,
    ppm: 0,
    differences: [],
    diagnosis: { cause: 'none', confidence: 'certain' },
  });
  expect(ppmBetween(2_596_528, 2_596_140)).toBeCloseTo(149.453, 3);
});

test.each<[Ending, string]>([
  [{ kind: 'host-fault', code: 'qemu-killed', detail: 'SIGKILL' }, 'infra-error'],
  [{ kind: 'panic' }, 'panicked'],
  [{ kind: 'reset', detail: 'triple fault' }, 'boot-failed'],
  [{ kind: 'silent', wallMs: 60_000 }, 'boot-failed'],
  [{ kind: 'stalled', limit: 'guest-time', detail: '30 s' }, 'hung'],
  [{ kind: 'truncated', detail: 'no end marker' }, 'no-evidence'],
  [{ kind: 'flood', bytes: 1 }, 'no-evidence'],
  [{ kind: 'deadline', wallMs: 60_000 }, 'infra-error'],
])('the ending %j decides, even where a whole report came', (ending, verdict) => {
  expect(see(boot(), ending)).toMatchObject({ verdict, diagnosis: null, ppm: null });
});

test('a machine that is not the one asked for is infra-error, with the difference in the reason', () => {
  const result = see(boot(), FINISHED, { ...MACHINE, hpet: false });
  expect(result).toMatchObject({ verdict: 'infra-error', differences: [{ what: 'HPET' }] });
  expect(result.reason).toContain('HPET asked on, got off (qmp)');
});

test.each([
  ['the end frame', -1],
  ['a frame in the middle', 5],
])('without %s there is no evidence', (_, at) => {
  const lines = boot();
  lines.splice(at, 1);
  expect(see(lines).verdict).toBe('no-evidence');
});

test('contradicting copies of a frame are no evidence', () => {
  const lines = boot();
  lines.splice(4, 0, frame(3, 'poll', 't_ns=1 tsc=1 current=tsc available=tsc'));
  expect(see(lines)).toMatchObject({ verdict: 'no-evidence', reason: expect.stringContaining('contradict') });
});

test('a report without polls or without a log is no evidence', () => {
  expect(see(boot(LOG, polls([], 'never'))).verdict).toBe('no-evidence');
  expect(see(report(REPORT_FRAMES)).verdict).toBe('no-evidence');
});

describe('a kernel that does not offer all that the probe reads', () => {
  const kmsg = ['unread', 'file=/dev/kmsg error=No such file or directory'] as const;
  const list = ['unread', 'file=/sys/x/available_clocksource error=No such file or directory'] as const;
  const noList = polls([], 'unknown');
  // As a probe of those days says it.
  const oldWord = ['dmesg', 'error=No such file or directory'] as const;

  test.each([kmsg, oldWord])('the console stands in for the log: %s', (...lack) => {
    const seen = see([...LOG, ...report([...REPORT_FRAMES, lack])]);
    expect(seen).toMatchObject({
      verdict: 'refined',
      kernelKhz: 1_000_000,
      diagnosis: { confidence: 'certain' },
    });
    expect(seen.reason).toContain('Not to be read in this guest: /dev/kmsg (No such file or directory).');
  });

  test('a console that begins with the kernel does so without a word on it', () => {
    expect(see([...LOG, ...report(REPORT_FRAMES)]).verdict).toBe('refined');
    expect(see([...LOG.slice(1), ...report(REPORT_FRAMES)]).verdict).toBe('no-evidence');
  });

  test('the log stands in for the list', () => {
    const log = LOG.map((line) => ['dmesg', line] as const);
    expect(see(report([...noList, list, ...log]))).toMatchObject({ verdict: 'refined', current: null });
    expect(see(report([...noList, ...log])).verdict).toBe('no-evidence');
  });

  test('without both nothing is known', () => {
    expect(see(report([...noList, kmsg, list]))).toMatchObject({ verdict: 'undetermined' });
  });

  test('without a log, tsc that is listed before a refinement can end had a known frequency', () => {
    const at = (ms: number) => polls([`t_ns=${ms}000000 tsc=1 current=tsc available=tsc,hpet`], 'registered');
    expect(see(report([...at(900), kmsg])).verdict).toBe('known-frequency');
    expect(see(report([...at(1100), kmsg])).verdict).toBe('undetermined');
  });

  test('flags that were not read are no flags that are missing', () => {
    const frames = REPORT_FRAMES.filter(([kind]) => kind !== 'flags' && kind !== 'cpus');
    expect(see(boot(LOG, frames)).verdict).toBe('refined');
  });
});

test('registered before the later initcalls: the frequency was known', () => {
  const log = [
    ...LOG.slice(0, 5),
    '[    0.570000] clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x1cd42e4dffb, max_idle_ns: 881590591483 ns',
    ...LOG.slice(5, 7),
  ];
  const frames = polls(['t_ns=1600000000 tsc=1 current=tsc available=tsc,hpet,acpi_pm'], 'registered');
  expect(see(boot(log, frames))).toMatchObject({ verdict: 'known-frequency', kernelKhz: 999_993, ppm: -7 });
});

test('registered after the later initcalls without a refined line: unrefined', () => {
  expect(see(boot(without(/Refined/))).verdict).toBe('unrefined');
});

const OLD_LOG = [
  '[    0.000000] Linux version 3.10.0-957.el7.x86_64 (builder@host) (gcc version 4.8.5) #1 SMP',
  '[    0.000000] tsc: Detected 3000.000 MHz processor',
  '[    0.600920] Switched to clocksource kvm-clock',
  '[    0.900000] Freeing unused kernel memory: 1876k freed',
];

test('a kernel that prints no registration: listed at the first poll means a known frequency', () => {
  const frames = polls(
    ['t_ns=1000000000 tsc=1 current=kvm-clock available=kvm-clock,tsc,acpi_pm'],
    'registered',
  );
  expect(see(boot(OLD_LOG, frames)).verdict).toBe('known-frequency');
});

test('a kernel that prints no registration: listed later without a refined line means unrefined', () => {
  const frames = polls(
    [
      't_ns=1000000000 tsc=1 current=kvm-clock available=kvm-clock,acpi_pm',
      't_ns=2000000000 tsc=1 current=kvm-clock available=kvm-clock,tsc,acpi_pm',
    ],
    'registered',
  );
  expect(see(boot(OLD_LOG, frames)).verdict).toBe('unrefined');
});

test('a kernel that lists tsc only when its watchdog has passed it: sooner than a refinement is a known frequency', () => {
  const frames = polls(
    [
      't_ns=950000000 tsc=1 current=kvm-clock available=kvm-clock,acpi_pm',
      't_ns=1400000000 tsc=1 current=kvm-clock available=kvm-clock,tsc,acpi_pm',
    ],
    'registered',
  );
  expect(see(boot(OLD_LOG, frames)).verdict).toBe('known-frequency');
});

test('a kernel that prints no registration: listed when the probe came late stays open', () => {
  const frames = polls(
    ['t_ns=3000000000 tsc=1 current=kvm-clock available=kvm-clock,tsc,acpi_pm'],
    'registered',
  );
  expect(see(boot(OLD_LOG, frames)).verdict).toBe('undetermined');
});

test('tsc-early still listed at the deadline: never, because refinement restarts', () => {
  const log = without(/Refined|clocksource: tsc:|to clocksource tsc$/);
  const frames = polls(['t_ns=1600000000 tsc=1 current=tsc-early available=tsc-early,hpet,acpi_pm'], 'never');
  expect(see(boot(log, frames))).toMatchObject({
    verdict: 'never',
    diagnosis: { cause: 'refinement-restarts', confidence: 'certain' },
  });
});

test('an old kernel without tsc at the deadline: never', () => {
  const frames = polls(['t_ns=1000000000 tsc=1 current=kvm-clock available=kvm-clock,acpi_pm'], 'never');
  expect(see(boot(OLD_LOG, frames))).toMatchObject({
    verdict: 'never',
    diagnosis: { cause: 'refinement-restarts' },
  });
});

test('marked unstable after it was registered: unstable', () => {
  const log = [...LOG, '[    3.1] x', '[    3.100000] tsc: Marking TSC unstable due to TSC halts in idle'];
  expect(see(boot(log))).toMatchObject({ verdict: 'unstable', diagnosis: { cause: 'halts-in-idle' } });
});

test('gone again without a word: unstable', () => {
  const frames = polls(
    [
      't_ns=1600000000 tsc=1 current=tsc available=tsc,hpet',
      't_ns=3600000000 tsc=1 current=hpet available=hpet',
    ],
    'removed',
  );
  expect(see(boot(LOG, frames))).toMatchObject({ verdict: 'unstable', current: 'hpet' });
});

test('registered and outranked keeps its registration', () => {
  const frames = polls(
    ['t_ns=1600000000 tsc=1 current=kvm-clock available=kvm-clock,tsc,hpet'],
    'registered',
  );
  expect(see(boot(LOG, frames))).toMatchObject({ verdict: 'refined', diagnosis: { cause: 'outranked' } });
});

describe('a guest that was held up', () => {
  const held = [
    "[    5.000000] clocksource: timekeeping watchdog on CPU0: Marking clocksource 'tsc' as unstable because the skew is too large:",
    "[    5.000001] clocksource:                       'kvm-clock' wd_nsec: 503995129 wd_now: 1 wd_last: 0 mask: ffffffffffffffff",
    "[    5.000002] clocksource:                       'tsc' cs_nsec: 1894661885 cs_now: 1 cs_last: 0 mask: ffffffffffffffff",
    '[    5.000003] tsc: Marking TSC unstable due to clocksource watchdog',
  ];
  const seen = (clock: 'real' | 'deterministic') => {
    const evidence = gatherEvidence(bytes(boot([...LOG, ...held]), '\r\n'), NONCE);
    const launch = { ...LAUNCH, guest: { ...LAUNCH.guest, clock } };
    return observe({ launch, ending: FINISHED, evidence, machine: MACHINE, trueKhz: TRUE_1_GHZ });
  };

  test('in the host’s time is the host’s fault, and the reason is kept', () => {
    expect(seen('real')).toMatchObject({
      verdict: 'infra-error',
      reason: expect.stringContaining('the host did not run the guest all the time'),
      diagnosis: { registration: 'unstable', cause: 'guest-paused' },
    });
  });

  test('in its own time was held up by nothing outside it', () => {
    expect(seen('deterministic')).toMatchObject({
      verdict: 'unstable',
      diagnosis: { cause: 'guest-paused' },
    });
  });
});
