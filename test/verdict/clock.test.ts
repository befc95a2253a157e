/** The clock that programs get: frames as real guests sent them, and what comes of them. */
import { describe, expect, test } from 'vitest';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import type { ClockExpectation } from '../../harness/matrix/types.ts';
import { expectationText } from '../../harness/plan/expectations.ts';
import { parseEvent } from '../../harness/record/schema.ts';
import { clockFigures, clockLines } from '../../harness/report/clock-text.ts';
import { clockKind } from '../../harness/verdict/clock.ts';
import { observe } from '../../harness/verdict/observe.ts';
import { judgeCell } from '../../harness/verdict/outcome.ts';
import { bytes, NONCE, report } from '../evidence/frame-text.ts';
import { finishedOf, observed } from '../record/sample-run.ts';
import { LAUNCH, LOG, MACHINE, REPORT_FRAMES } from './sample-boot.ts';

type Frames = readonly (readonly [string, string])[];

/** Debian's 6.1 on counted instructions: tsc refined and current. */
const ALONE: Frames = [
  ['rate', 'source=tsc ns=1962237106 tsc=1962237106 width=84'],
  ['change', 'from=tsc-early to=tsc by=kernel ns=100350504 tsc=100350478 width=84 since_ns=0 since_tsc=0'],
  ['cost', 'source=tsc batch=8 mono=vdso,16,704,704 real=vdso,16,704,704 raw=vdso,16,752,752'],
  ['order', 'cpus=0 pairs=128 back=0 worst=0 step=93 res=1'],
  ['change', 'from=tsc to=hpet by=hand ns=14249 tsc=14388 width=347 since_ns=0 since_tsc=0'],
  ['change', 'from=hpet to=tsc by=hand ns=15315 tsc=15326 width=347 since_ns=0 since_tsc=0'],
];
const MET = ['order', 'cpus=0,1 pairs=64 back=0 worst=0 step=140 res=1'] as const;
const HEALTHY: Frames = [...ALONE, MET];
const without = (kind: string, frames = HEALTHY): Frames => frames.filter(([name]) => name !== kind);
const replaced = (kind: string, payload: string): Frames => [...without(kind), [kind, payload]];

function see(frames: Frames, truth = { khz: 1_000_000, from: '-icount', withinPpm: 0 }) {
  const all = [...REPORT_FRAMES, ...LOG.map((line) => ['dmesg', line] as const), ...frames];
  const evidence = gatherEvidence(bytes(report(all), '\r\n'), NONCE);
  return observe({
    launch: LAUNCH,
    ending: { kind: 'finished' },
    evidence,
    machine: MACHINE,
    trueKhz: truth,
  });
}
function clockOf(frames: Frames, truth?: Parameters<typeof see>[1]) {
  const { clock } = see(frames, truth);
  if (clock == null) throw new Error('no clock');
  return clock;
}
function outcome(frames: Frames, clock: ClockExpectation) {
  const boot = { observation: see(frames), log: null };
  return judgeCell([boot], { registration: ['refined'], clock, from: [] });
}

test('a healthy guest: vDSO, ns a call, no warp, rate, jumps', () => {
  const clock = clockOf(HEALTHY);
  expect(clock).toMatchObject({
    source: 'tsc',
    resolutionNs: 1,
    rates: [{ source: 'tsc', ppm: 0, withinPpm: 0.043, overS: 1.962 }],
    order: [
      { cpus: '0', pairs: 128, back: 0, stepNs: 93 },
      { cpus: '0,1', pairs: 64, back: 0, stepNs: 140 },
    ],
  });
  expect(clock.calls[0]).toEqual({ source: 'tsc', clock: 'MONOTONIC', vdso: true, ns: 88, minNs: 88 });
  expect(clock.changes.map(({ jumpNs }) => jumpNs)).toEqual([26, -139, -11]);
  expect(clock.changes.every(({ jumpNs, withinNs }) => Math.abs(jumpNs ?? 1e9) <= (withinNs ?? 0))).toBe(
    true,
  );
  expect(clockFigures([clock])).toBe('88 ns/call');
});

test('the figures follow the true frequency, and what is not known of it stands in the bound', () => {
  const clock = clockOf(HEALTHY, { khz: 2_000_000, from: 'host', withinPpm: 0.5 });
  expect(clock.calls[0]?.ns).toBe(44);
  // The clock counted 1.96 s while the TSC, at 2 GHz, counted half of it.
  expect(clock.rates[0]).toMatchObject({ ppm: 1_000_000, withinPpm: 0.543 });
});

test('tsc has a rate of its own where another source is current', () => {
  const frames: Frames = [
    ['rate', 'source=kvm-clock ns=2000000000 tsc=2000000000 width=900'],
    ...replaced('rate', 'source=tsc ns=60030001 tsc=60000000 width=300'),
  ];
  const clock = clockOf(frames);
  expect(clock.rates).toMatchObject([
    { source: 'kvm-clock', ppm: 0 },
    { source: 'tsc', ppm: 500.017, withinPpm: 5 },
  ]);
  expect(outcome(frames, { ratePpm: { max: 50 } }).outcome).toBe('expected');
});

/** The field report's kernels, nested, on counted instructions. */
const RAISED: Frames = [
  ['rate', 'source=kvm-clock ns=3063811828 tsc=3063811828 width=108'],
  ['cost', 'source=kvm-clock batch=8 mono=vdso,16,896,896 real=vdso,16,896,896 raw=vdso,16,944,944'],
  ['order', 'cpus=0 pairs=128 back=0 worst=0 step=117 res=1'],
  ['change', 'from=kvm-clock to=tsc by=hand ns=664184 tsc=664198 width=94 since_ns=0 since_tsc=0'],
  ['cost', 'source=tsc batch=8 mono=vdso,16,680,680 real=vdso,16,680,680 raw=vdso,16,728,728'],
  ['rate', 'source=tsc ns=60318394 tsc=60312484 width=81'],
  ['change', 'from=tsc to=kvm-clock by=hand ns=737043 tsc=737111 width=94 since_ns=0 since_tsc=0'],
];
const ON_HPET: Frames = [
  ['rate', 'source=hpet ns=3046876530 tsc=3046873841 width=6692'],
  [
    'cost',
    'source=hpet batch=8 mono=syscall,16,53432,53432 real=syscall,16,53376,53376 raw=syscall,16,53400,53400',
  ],
  ['order', 'cpus=0 pairs=128 back=0 worst=0 step=6680 res=1'],
  ['change', 'from=hpet to=tsc by=hand ns=697658 tsc=700821 width=3386 since_ns=0 since_tsc=0'],
  ['cost', 'source=tsc batch=8 mono=vdso,16,680,680 real=vdso,16,680,680 raw=vdso,16,728,728'],
  ['rate', 'source=tsc ns=60338959 tsc=60338901 width=81'],
  ['change', 'from=tsc to=hpet by=hand ns=676181 tsc=679961 width=3386 since_ns=0 since_tsc=0'],
];

test('a frequency that is 98 ppm low makes a tsc that runs 98 ppm fast, though kvm-clock is current', () => {
  const [current, tsc] = clockOf(RAISED).rates;
  expect(current).toMatchObject({ source: 'kvm-clock', ppm: 0 });
  expect(tsc).toMatchObject({ source: 'tsc', ppm: 97.99, withinPpm: 1.344 });
});

test('a slow clocksource is told by its cost, and tsc beside it is not accused', () => {
  const clock = clockOf(ON_HPET);
  expect(clock.calls.filter(({ clock: name }) => name === 'MONOTONIC')).toMatchObject([
    { source: 'hpet', vdso: false, ns: 6679 },
    { source: 'tsc', vdso: true, ns: 85 },
  ]);
  expect(outcome(ON_HPET, { vdso: true }).outcome).toBe('unexpected');
  expect(outcome([...ON_HPET, MET], { vdso: false, warp: 'none', ratePpm: { max: 5 } }).outcome).toBe(
    'expected',
  );
});

test('a jump is told from the rates on both sides; one that was not measured widens the bound', () => {
  const jump = (payload: string) =>
    clockOf([...without('change'), ['change', `from=tsc-early to=tsc by=kernel ${payload}`]]).changes[0];
  // tsc-early was 200 ppm fast: half of the 50 ms went by it, so 5 us are no jump.
  expect(jump('ns=50005000 tsc=50000000 width=100 since_ns=100020000 since_tsc=100000000')).toMatchObject({
    jumpNs: 0,
    withinNs: 5101,
  });
  expect(jump('ns=50105000 tsc=50000000 width=100 since_ns=100020000 since_tsc=100000000')?.jumpNs).toBe(
    100_000,
  );
  expect(jump('ns=49000000 tsc=50000000 width=100 since_ns=0 since_tsc=0')).toMatchObject({
    jumpNs: -1_000_000,
    withinNs: 25_101,
  });
  const refused = clockOf([['change', 'from=tsc to=hpet by=hand error=refused'], ...without('change')]);
  expect(refused.changes).toEqual([{ from: 'tsc', to: 'hpet', by: 'hand', jumpNs: null, withinNs: null }]);
});

test('nothing measured is nothing known: a brief probe, one before this version, frames that cannot be read', () => {
  expect(see([]).clock).toBeNull();
  expect(see(without('rate')).clock).toBeNull();
  expect(see([['rate', 'source=tsc ns=x tsc=1 width=1']]).clock).toBeNull();
  expect(see([['rate', 'source=tsc ns=1 tsc=0 width=1']]).clock).toBeNull();
  expect(see(HEALTHY).verdict).toBe('refined');
});

const SLOW = replaced(
  'cost',
  'source=tsc batch=8 mono=syscall,16,104000,104800 real=syscall,16,104000,104000 raw=vdso,16,8,8',
);
const WARPED: Frames = [...ALONE, ['order', 'cpus=0,1 pairs=64 back=3 worst=310 step=140 res=1']];
const WRONG = replaced('rate', 'source=tsc ns=2020202020 tsc=2000000000 width=84');

describe('what is expected', () => {
  const ALL: ClockExpectation = { vdso: true, ns: { max: 100 }, warp: 'none', ratePpm: { max: 50 } };

  test('a healthy guest is not accused', () => {
    expect(outcome(HEALTHY, ALL).outcome).toBe('expected');
    // 60 ppm that may be 20 less.
    const doubtful = replaced('rate', 'source=tsc ns=2000120000 tsc=2000000000 width=40000');
    expect(outcome(doubtful, ALL).outcome).toBe('expected');
    expect(outcome(SLOW, { vdso: false, ns: { min: 10_000 } }).outcome).toBe('expected');
    expect(outcome(WRONG, { ratePpm: { min: 10_000 } }).outcome).toBe('expected');
  });

  test.each<[string, Frames, ClockExpectation, RegExp]>([
    [
      'a slow source',
      SLOW,
      { vdso: true },
      /CLOCK_MONOTONIC of tsc is a system call, 13100 ns a call; the vDSO was/,
    ],
    ['its cost', SLOW, { ns: { max: 100 } }, /takes 13100 ns with tsc; 100 ns are allowed/],
    ['a fast one', HEALTHY, { vdso: false }, /read in the vDSO, 88 ns a call; a system call was expected/],
    ['its cost', HEALTHY, { ns: { min: 1000 } }, /at least 1000 ns were expected/],
    ['a warp', WARPED, ALL, /went back 3 times in 64 pairs of CPU 0,1, by up to 310 ns/],
    ['a wrong rate', WRONG, ALL, /tsc runs 10101.01 ppm off the true time .*; 50 ppm are allowed/],
    ['a right rate', HEALTHY, { ratePpm: { min: 50 } }, /expected to be wrong by at least 50 ppm/],
    [
      'a rate that is not known so well',
      replaced('rate', 'source=tsc ns=2000000000 tsc=2000000000 width=400000'),
      ALL,
      /50 ppm cannot be shown/,
    ],
    ['no call', without('cost'), { vdso: true }, /was not seen/],
    [
      'a call that was not traced',
      replaced('cost', 'source=tsc batch=8 mono=unknown,16,8,8'),
      { vdso: true },
      /was not seen/,
    ],
    ['no call', without('cost'), { ns: { max: 100 } }, /was not measured/],
    ['no order', without('order'), { warp: 'none' }, /was not measured/],
    ['two CPUs, and no pair of them', ALONE, { warp: 'none' }, /was not measured/],
    [
      'CPUs that never met',
      replaced('order', 'cpus=0,1 pairs=0 back=0 worst=0 step=0 res=1'),
      { warp: 'none' },
      /was not measured/,
    ],
    ['a brief probe', [], { warp: 'none' }, /^the clock was not measured/],
  ])('%s', (_, frames, clock, reason) => {
    expect(outcome(frames, clock)).toMatchObject({
      outcome: 'unexpected',
      reason: expect.stringMatching(reason),
    });
  });

  test('in one line for people', () => {
    const text = 'refined, vDSO, at most 100 ns a call, no warp, rate within 50 ppm';
    expect(expectationText({ registration: ['refined'], clock: ALL, from: [] })).toBe(text);
  });
});

test('what a table shows of it, what a comparison goes by, and all of it', () => {
  expect(clockFigures([clockOf(HEALTHY), clockOf(SLOW), null, undefined])).toBe('13100 ns/call by syscall');
  expect(clockFigures([clockOf(WARPED), clockOf(WRONG)])).toBe(
    '88 ns/call, tsc runs +10101 ppm, back 310 ns',
  );
  expect(clockKind(clockOf(HEALTHY), true)).toBe('vDSO, 88 ns, no warp');
  expect(clockKind(clockOf([...WARPED, ...without('order', WRONG)]), false)).toBe('vDSO, warp, wrong rate');
  expect(Object.fromEntries(clockLines(clockOf(WARPED)))).toMatchObject({
    'call with tsc': 'MONOTONIC 88 ns (vDSO), REALTIME 88 ns (vDSO), MONOTONIC_RAW 94 ns (vDSO)',
    'order, CPU 0': 'never back in 128 pairs, 93 ns apart at the least',
    'order, CPU 0,1': 'BACK 3 times in 64 pairs, by up to 310 ns, 140 ns apart at the least',
    'rate of tsc': '0 +/-0.1 ppm from the true time, over 1.962 s',
    'tsc to hpet': 'jump -139 ns, within 356 ns, by hand',
  });
});

test('what a guest calls its clocksources does nothing to a terminal', () => {
  const clock = clockOf(replaced('rate', 'source=\\x1b[2Jtsc ns=2020202020 tsc=2000000000 width=84'));
  const text = [clockFigures([clock]), ...clockLines(clock).flat()].join('');
  expect(text).toContain('tsc runs +10101 ppm');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  expect(text).not.toMatch(/[\u0000-\u001f]/);
});

test('a record holds it as it is, also what a guest made up', () => {
  const wild = replaced(
    'order',
    `cpus=${'9'.repeat(300)} pairs=${'9'.repeat(20)} back=1 worst=${'9'.repeat(20)} step=0 res=1`,
  );
  for (const clock of [clockOf(HEALTHY), clockOf(wild), null]) {
    const event = { ...finishedOf('cell', observed({ clock })), seq: 0, at: '2026-01-31T12:00:12.000Z' };
    expect(parseEvent(JSON.parse(JSON.stringify(event)))).toMatchObject({ ok: true });
  }
});
