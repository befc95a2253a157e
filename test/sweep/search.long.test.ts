// The search alone, against made-up kernels: how many boots a margin takes, and what decides it.
import { expect, test } from 'vitest';
import { type GradedBoot, gradedBoot, hintOf, type ReadPlan } from '../../harness/lab/margin/graded.ts';
import { flipOf, predictionsOf } from '../../harness/lab/margin/limits.ts';
import { type Answer, contradictions, next, type SearchInput } from '../../harness/lab/margin/search.ts';

import { type MadeUp, PM, refine } from './made-up.ts';

const STEP = 100;
const MAX = 5_000_000;

interface Result {
  readonly from: number | null;
  readonly to: number | null;
  readonly boots: number;
  readonly plain: readonly Answer[];
}

function search(
  kernel: MadeUp,
  options: { graded?: boolean; lie?: (delayNs: number) => boolean } = {},
): Result {
  const { reference, sample, khz, before } = kernel;
  const answers: Answer[] = [];
  const graded: { boot: GradedBoot; hint: ReturnType<typeof hintOf> }[] = [];
  const plan: ReadPlan | null = options.graded === false ? null : { reference, before };
  const predictions = predictionsOf(reference, sample, khz);
  for (let boots = 0; boots <= 60; boots++) {
    const input: SearchInput = {
      stepNs: STEP,
      maxNs: MAX,
      predictions,
      plan,
      answers,
      graded,
      atOnce: false,
    };
    const step = next(input);
    if (step.kind === 'end') {
      const { registersUpToNs: from, stopsFromNs: to } = step.bracket;
      return { from, to, boots, plain: answers };
    }
    if (step.kind === 'plain') {
      expect(answers.map(({ delayNs }) => delayNs)).not.toContain(step.delayNs);
      expect(step.delayNs % STEP).toBe(0);
      const lied = options.lie?.(step.delayNs) === true;
      answers.push({ delayNs: step.delayNs, registers: refine(kernel, step.delayNs).registers !== lied });
    } else {
      const { refDelay } = step.boot;
      const delayNs = reference === 'pm' ? refDelay.pmNs : refDelay.hpetNs;
      const seen = refine(kernel, delayNs, refDelay.disturbance);
      graded.push({ boot: step.boot, hint: hintOf(step.boot, seen.end, seen.reads) });
    }
  }
  throw new Error('it does not end');
}

/** Numbers between 0 and 1, the same every time. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

function expectRight(kernel: MadeUp, { from, to, plain }: Result): void {
  const { reference, limit, sample, more, khz } = kernel;
  const flip = flipOf(reference, limit, sample + more, khz);
  if (flip <= 0 || flip > MAX) {
    expect({ from, to }).toEqual(flip <= 0 ? { from: null, to: 0 } : { from: MAX, to: null });
    return;
  }
  expect(from).toBeLessThan(flip);
  expect(to).toBeGreaterThanOrEqual(Math.floor(flip));
  expect((to ?? 0) - (from ?? 0)).toBeLessThanOrEqual(STEP);
  // Both sides are boots.
  expect(plain).toContainEqual({ delayNs: from, registers: true });
  expect(plain).toContainEqual({ delayNs: to, registers: false });
}

test('any limit, read by the PM timer: at most 12 boots to 100 ns', () => {
  const random = numbers(1);
  const draw = (): number => random.next().value;
  let most = 0;
  for (let i = 0; i < 1500; i++) {
    const kernel: MadeUp = {
      reference: 'pm',
      khz: 1_000_000,
      sample: Math.round(1_000 + draw() * 20_000),
      more: Math.round(draw() * 300),
      limit: Math.round(10 ** (3 + draw() * 4.3)),
      before: 15 + Math.floor(draw() * 20),
      late: Math.round((draw() - 0.5) * 120),
    };
    const found = search(kernel);
    expectRight(kernel, found);
    most = Math.max(most, found.boots);
  }
  // Linearly too, where the brackets are widest.
  for (let limit = 20_000; limit < 15_100_000; limit += 29_989) {
    const kernel = { ...PM, limit, late: (limit % 140) - 70 };
    const found = search(kernel);
    expectRight(kernel, found);
    most = Math.max(most, found.boots);
  }
  console.log(`at most ${most} boots`);
  expect(most).toBeLessThanOrEqual(12);
  expect(most).toBeGreaterThan(8);
}, 300_000);

test('a long sample, some of whose tries hold interrupts: as the raised limit in a real guest', () => {
  let most = 0;
  for (let interrupts = 0; interrupts <= 10_000; interrupts += 100) {
    const sample = 6_000 + ((interrupts * 7) % 15_000);
    const found = search({ ...PM, sample, limit: 5_000_000, interrupts, late: interrupts % 60 });
    expect((found.to ?? 0) - (found.from ?? 0)).toBe(STEP);
    expect(found.plain).toContainEqual({ delayNs: found.from, registers: true });
    expect(found.plain).toContainEqual({ delayNs: found.to, registers: false });
    most = Math.max(most, found.boots);
  }
  console.log(`at most ${most} boots`);
  expect(most).toBeLessThanOrEqual(12);
});

test('at 3 GHz, whose raised limit is a sample shorter than a tick: the flip is tried where arithmetic has it', () => {
  const random = numbers(3);
  let most = 0;
  for (let i = 0; i < 300; i++) {
    const sample = Math.round(20_000 + random.next().value * 40_000);
    const more = Math.round(random.next().value * 250);
    const kernel = { ...PM, khz: 3_000_000, sample, more, limit: 5_000_000 };
    const found = search(kernel);
    expectRight(kernel, found);
    most = Math.max(most, found.boots);
  }
  console.log(`at most ${most} boots`);
  expect(most).toBeLessThanOrEqual(10);
  // Any other limit.
  for (let i = 0; i < 500; i++) {
    const limit = Math.round(10 ** (4 + random.next().value * 3.6));
    const kernel = { ...PM, khz: 3_000_000, sample: 39_624, more: 100, limit };
    const found = search(kernel);
    expectRight(kernel, found);
    most = Math.max(most, found.boots);
  }
  console.log(`at most ${most} boots`);
  expect(most).toBeLessThanOrEqual(14);
});

test('limits of the source are found at once, whatever a read costs', () => {
  const random = numbers(2);
  for (let i = 0; i < 300; i++) {
    const sample = Math.round(1_000 + random.next().value * 25_000);
    const more = Math.round(random.next().value * 150);
    for (const [limit, boots] of [
      [50_000, 5],
      [31_250, 5],
      [5_000_000, 12],
    ] as const) {
      const kernel = { ...PM, sample, more, limit };
      const found = search(kernel);
      expectRight(kernel, found);
      expect(found.boots, `${limit} with ${sample} + ${more}`).toBeLessThanOrEqual(boots);
    }
  }
});

test('by the HPET, of which graded boots tell nothing: limits of the source at once, any other by bisection', () => {
  const hpet: MadeUp = { ...PM, reference: 'hpet', sample: 6_517 };
  for (const limit of [31_250, 50_000]) {
    const found = search({ ...hpet, limit }, { graded: false });
    expectRight({ ...hpet, limit }, found);
    expect(found.boots).toBeLessThanOrEqual(5);
  }
  let most = 0;
  for (let limit = 7_000; limit < 5_100_000; limit += 7_919) {
    const found = search({ ...hpet, limit }, { graded: false });
    expectRight({ ...hpet, limit }, found);
    most = Math.max(most, found.boots);
  }
  expect(most).toBeLessThanOrEqual(22);
});

test('without graded boots it is bisection, and as right', () => {
  for (const limit of [31_250, 50_000, 77_777, 1_234_567, 5_000_000]) {
    const kernel = { ...PM, limit };
    const found = search(kernel, { graded: false });
    expectRight(kernel, found);
    expect(found.boots).toBeLessThanOrEqual(22);
  }
});

test('one that never stops, and one that never registers, are said so', () => {
  expect(search({ ...PM, limit: 1e12 })).toMatchObject({ from: MAX, to: null });
  expect(search({ ...PM, limit: 1e12 }).boots).toBeLessThanOrEqual(6);
  expect(search({ ...PM, limit: 10 })).toMatchObject({ from: null, to: 0, boots: 1 });
  const atOnce = { stepNs: STEP, maxNs: MAX, predictions: [], plan: null, graded: [], atOnce: true };
  const undelayed = [{ delayNs: 0, registers: true }];
  expect(next({ ...atOnce, answers: undelayed })).toMatchObject({ kind: 'plain', delayNs: MAX });
  const both = [...undelayed, { delayNs: MAX, registers: true }];
  expect(next({ ...atOnce, answers: both })).toEqual({
    kind: 'end',
    bracket: { registersUpToNs: MAX, stopsFromNs: null },
  });
});

test('predictions and hints that are wrong cost boots, and decide nothing', () => {
  // The probe's cost is off by a third, so every prediction is, and every count is off as well.
  const kernel = { ...PM, more: 4_000 };
  expectRight(kernel, search(kernel));
  const shifted = { ...PM, before: 23, limit: 400_000 };
  const plan: ReadPlan = { reference: 'pm', before: 20 };
  const asked = gradedBoot(plan, 10_000, 5_000);
  expect(refine(shifted, 10_000, asked.refDelay.disturbance).registers).toBe(true);
  expectRight(shifted, search(shifted));
});

test('a graded boot tells which of its delays was the first to be accepted', () => {
  const plan: ReadPlan = { reference: 'pm', before: 20 };
  const asked = gradedBoot(plan, 10_000, 1_000);
  expect(asked.levelsNs).toEqual([13_000, 12_000, 11_000, 10_000]);
  expect(asked.refDelay).toMatchObject({ pmNs: 10_000, disturbance: { probability: 0.5, ns: 3_000 } });
  expect(hintOf(asked, 'refined', 26)).toEqual({ fromNs: 13_000, belowNs: null });
  expect(hintOf(asked, 'refined', 29)).toEqual({ fromNs: 12_000, belowNs: 13_000 });
  expect(hintOf(asked, 'refined', 35)).toEqual({ fromNs: 10_000, belowNs: 11_000 });
  expect(hintOf(asked, 'never', 140)).toEqual({ fromNs: null, belowNs: 10_000 });
  // The stop sample was rejected in five tries.
  expect(hintOf(asked, 'unrefined', 41)).toEqual({ fromNs: 12_000, belowNs: 13_000 });
  // Not before the next second.
  expect(hintOf(asked, 'refined', 44)).toEqual({ fromNs: 10_000, belowNs: 11_000 });
  // Counts that fit no try tell nothing.
  for (const reads of [27, 23, 0]) expect(hintOf(asked, 'refined', reads)).toBeNull();
});

test('what contradicts a single margin is named', () => {
  const answers = [
    { delayNs: 0, registers: true },
    { delayNs: 500, registers: false },
    { delayNs: 900, registers: true },
  ];
  expect(contradictions(answers)).toEqual(['registers with 900 ns although it does not with 500 ns']);
});
