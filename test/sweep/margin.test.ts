// A margin by boots of made-up kernels: faults of the host, guests that give no answer, and a clock that is not counted.
import { expect, test } from 'vitest';
import { type MarginOptions, measureMargin } from '../../harness/lab/margin/margin.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { curveDelays } from '../../harness/sweep/sweep.ts';
import { type Instead, type MadeUp, madeUpRunner, PM } from './made-up.ts';

const GUEST: GuestSpec = { ...DEFAULT_GUEST, topology: 'nested', cpu: 'host' };

async function measure(
  kernel: MadeUp,
  {
    guest = GUEST,
    instead,
    ...options
  }: Partial<MarginOptions> & { guest?: GuestSpec; instead?: Instead } = {},
) {
  const folders: string[] = [];
  const runner = madeUpRunner(kernel, instead, (folder) => folders.push(folder));
  const margin = await measureMargin(runner, 'bzImage', guest, {
    reference: kernel.reference,
    folder: '/results/boots/it',
    name: 'boots/it',
    ...options,
  });
  return { margin, folders };
}

test('the limit, in ns and in cycles, and whose it is', async () => {
  const { margin, folders } = await measure(PM);
  expect(margin).toMatchObject({
    outcome: 'flips',
    registersUpToNs: 12_200,
    stopsFromNs: 12_300,
    sampleCycles: 13_208,
    readsBefore: 20,
    agrees: '50,000 cycles',
    limitCycles: { from: 49_808, to: 50_108 },
    contradictions: [],
  });
  expect(margin.boots).toBe(folders.length);
  expect(margin.boots).toBeLessThanOrEqual(5);
  expect(margin.reason).toMatch(/up to 12,200 ns a read, not from 12,300 ns: 50,000 cycles .* 12,264 ns$/);
  expect(folders).toContain('/results/boots/it/pm-pm12.2us');
});

test('a limit that no source has: at most 12 boots, and said so', async () => {
  const { margin } = await measure({ ...PM, limit: 1_234_567 });
  expect(margin).toMatchObject({
    outcome: 'flips',
    registersUpToNs: 407_100,
    stopsFromNs: 407_200,
    agrees: null,
  });
  expect(margin.boots).toBeLessThanOrEqual(12);
  expect(margin.reason).toMatch(/no limit that is known from the sources$/);
});

test('counts that fit no try: it goes on without graded boots', async () => {
  const graded: boolean[] = [];
  const kernel = { ...PM, limit: 200_000, before: 21 };
  const runner = madeUpRunner(kernel);
  const margin = await measureMargin(
    {
      ...runner,
      async boot(cell, ...rest) {
        const booted = await runner.boot(cell, ...rest);
        if (cell.guest.refDelay.disturbance === null || booted.kind === 'host-fault') return booted;
        graded.push(booted.observation.verdict === 'refined');
        const readCounts = { pm: 22, hpet: 0 };
        return { ...booted, observation: { ...booted.observation, readCounts } };
      },
    },
    'bzImage',
    GUEST,
    { reference: 'pm', folder: '/r', name: 'r' },
  );
  // One that does not register needs no count.
  expect(graded.indexOf(true)).toBe(graded.length - 1);
  expect(margin).toMatchObject({ outcome: 'flips', registersUpToNs: 62_200, stopsFromNs: 62_300 });
});

test('a graded boot whose disturbed sample the watchdog finds out has registered all the same', async () => {
  const kernel = { ...PM, limit: 1_234_567 };
  const runner = madeUpRunner(kernel);
  const margin = await measureMargin(
    {
      ...runner,
      async boot(cell, ...rest) {
        const booted = await runner.boot(cell, ...rest);
        const isPlain = cell.guest.refDelay.disturbance === null;
        if (isPlain || booted.kind === 'host-fault' || booted.observation.verdict === 'never') return booted;
        return { ...booted, observation: { ...booted.observation, verdict: 'unstable' } };
      },
    },
    'bzImage',
    GUEST,
    { reference: 'pm', folder: '/r', name: 'r' },
  );
  expect(margin).toMatchObject({ outcome: 'flips', registersUpToNs: 407_100, stopsFromNs: 407_200 });
  expect(margin.boots).toBeLessThanOrEqual(12);
});

test('registered at its initcall: two boots', async () => {
  const { margin } = await measure(PM, { instead: () => 'known-frequency' });
  expect(margin).toMatchObject({
    outcome: 'never-stops',
    registersUpToNs: 5_000_000,
    stopsFromNs: null,
    boots: 2,
  });
  expect(margin.reason).toMatch(/largest delay tried, 5,000,000 ns a read: at its initcall/);
});

test('not registered undelayed: one boot, with what was seen', async () => {
  const { margin } = await measure({ ...PM, limit: 1 });
  expect(margin).toMatchObject({ outcome: 'never-registers', registersUpToNs: null, boots: 1 });
  expect(margin.reason).toBe('does not register even undelayed: never: made up');
});

test('a guest that hangs is neither side of a margin', async () => {
  const { margin } = await measure(PM, { instead: (delayNs) => (delayNs > 12_000 ? 'hung' : undefined) });
  expect(margin).toMatchObject({ outcome: 'unclear', agrees: null });
  expect(margin.reason).toMatch(/gave no answer: hung: made up$/);
});

test('faults of the host are no answers, and three in a row are the end', async () => {
  const sound = await measure(PM);
  const { margin, folders } = await measure(PM, {
    instead: (_, boot) => (boot % 2 === 0 ? 'fault' : undefined),
  });
  expect(margin).toEqual(sound.margin);
  expect(folders.length).toBeGreaterThan(sound.folders.length);
  await expect(measure(PM, { instead: () => 'fault' })).rejects.toMatchObject({
    name: 'HostFault',
    message: expect.stringMatching(/^3 boots in a row failed by the host's fault: out of memory/),
  });
});

test('what contradicts a single margin is reported', async () => {
  const { margin } = await measure(
    { ...PM, limit: 5_000_000 },
    { instead: (delayNs) => (delayNs === 6_000 || delayNs === 12_300 ? 'never' : undefined) },
  );
  // It fails with a delay that a greater one passes: whichever was booted, the answer names the bracket it has.
  expect(margin.outcome).toBe('flips');
  expect((margin.stopsFromNs ?? 0) - (margin.registersUpToNs ?? 0)).toBeLessThanOrEqual(100);
});

test('in real time each point is booted several times, and most of them decide', async () => {
  const guest: GuestSpec = { ...GUEST, clock: 'real' };
  // Every fifth boot is wrong.
  const instead: Instead = (_, boot) => (boot % 5 === 0 ? 'never' : undefined);
  const { margin, folders } = await measure(PM, { guest, instead, stepNs: 1_000 });
  expect(margin).toMatchObject({ outcome: 'flips', registersUpToNs: 12_000, stopsFromNs: 13_000 });
  expect(margin.boots % 5).toBe(0);
  expect(margin.points[0]?.registered).toMatchObject({ count: 4, of: 5 });
  expect(margin.points[0]?.registered.low).toBeCloseTo(0.376, 2);
  expect(folders).toContain('/results/boots/it/pm-0-5');
});

test('the curve lies around the margin, in whole steps that were not booted', async () => {
  const { margin } = await measure(PM);
  const delays = curveDelays(margin, 4);
  expect(delays).toEqual([3_100, 9_200, 15_300, 18_300]);
  const { margin: endless } = await measure(PM, { instead: () => 'known-frequency' });
  expect(curveDelays(endless, 3)).toEqual([5_000, 50_000, 500_000]);
});

test.each([
  [{ topology: 'tcg' }, /no exits to delay/],
  [{ pmtimer: false }, /no PM timer/],
  [{ refDelay: { pmNs: 1, hpetNs: 0, disturbance: null } }, /which is what a sweep varies/],
] as const)('a guest with %j is refused', async (settings, message) => {
  await expect(measure(PM, { guest: { ...GUEST, ...settings } })).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(message),
  });
});
