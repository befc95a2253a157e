/**
 * The kernels of the field report as backports onto `stock`, with the tree that has both fixes as the reference: each
 * comes out as what docs/seed-kernels.md says of it. Real kernels in real KVM guests, all in one run.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Statement } from '../../harness/validate/statement.ts';
import { openWorkshop, type Ran, type Workshop } from '../cli/tscmatrix.ts';

vi.setConfig({ testTimeout: 120_000 });

const PROJECT = join(import.meta.dirname, '..', '..');
const SEED = join(PROJECT, 'matrices', 'seed.yaml');
const PATCHES = join(import.meta.dirname, 'patches');
const SERIES = join(PROJECT, 'images', 'kernels', 'patches', 'series.yaml');
const BACKPORTS = {
  'upstream-fixed': `${SEED}#upstream-fixed`,
  'known-freq': `${SERIES}#known-freq`,
  'refine-fix': `${SEED}#refine-fix`,
  'threshold-raised': `${SEED}#threshold-raised`,
  'tsc-reliable': `${SEED}#tsc-reliable`,
  unrelated: join(PATCHES, 'unrelated.patch'),
  'breaks-boot': join(PATCHES, 'breaks-boot.patch'),
} as const;
type Name = keyof typeof BACKPORTS;

/** Where the kernels differ, and two of the controls. */
const FILTERS = ['case=kvm,kvm-between,unknown-stop-bad', 'control!=told-unstable'];

let shop: Workshop;
let ran: Ran;
let statements: Map<string, Statement>;

beforeAll(async () => {
  shop = await openWorkshop();
  ran = await shop.run([
    'validate',
    ...['--base', `${SEED}#stock`, '--reference', `${SEED}#upstream-fixed`],
    ...Object.values(BACKPORTS).flatMap((words) => ['--backport', words]),
    ...FILTERS.flatMap((filter) => ['--filter', filter]),
    ...['--no-margins', '--signature', '--json'],
  ]);
  expect(ran.stderr).toMatch(/the statement is in/);
  const all = JSON.parse(ran.stdout) as Statement[];
  statements = new Map(Object.keys(BACKPORTS).map((name, index) => [name, all[index] as Statement]));
}, 1_800_000);
afterAll(() => shop.remove());

const of = (name: Name): Statement => statements.get(name) as Statement;
/** The guests of one finding, by the name that tells them apart. */
function guests(name: Name, finding: string): string[] {
  return of(name)
    .guests.filter((one) => one.finding === finding)
    .map(({ guest }) => guest.replaceAll(/case=|control=/g, ''));
}

test('both fixes: equivalent', () => {
  expect(of('upstream-fixed').conclusion).toMatchObject({ kind: 'equivalent', also: [] });
  expect(guests('upstream-fixed', 'as-reference')).toEqual(['kvm', 'kvm-between', 'unknown-stop-bad']);
  expect(guests('upstream-fixed', 'same')).toEqual(['kvm two-cpus', 'kvm disturbed']);
});

test('the known frequency alone: incomplete, where the frequency has to be measured', () => {
  expect(of('known-freq').conclusion.kind).toBe('incomplete');
  expect(guests('known-freq', 'as-reference')).toEqual(['kvm', 'kvm-between']);
  expect(guests('known-freq', 'missing')).toEqual(['unknown-stop-bad']);
});

test('the refinement fix alone: regresses below 1.6 GHz, where its limit is the stricter one', () => {
  const { kind, because } = of('refine-fix').conclusion;
  expect(kind).toBe('regresses');
  expect(because).toContain('case=kvm-between');
  expect(guests('refine-fix', 'worse')).toEqual(['kvm-between']);
  expect(guests('refine-fix', 'as-reference')).toEqual(['unknown-stop-bad']);
  expect(guests('refine-fix', 'missing')).toEqual(['kvm']);
});

test('the raised limit is rejected: it takes a sample that no frequency comes of', () => {
  const { kind, because } = of('threshold-raised').conclusion;
  expect(kind).toBe('regresses');
  expect(because).toMatch(
    /^it registers the TSC with a wrong frequency: .*case=kvm control=disturbed \(its frequency is -?[1-9]\d+ ppm off/,
  );
  const disturbed = of('threshold-raised').guests.find(({ guest }) => guest.endsWith('disturbed'));
  expect(disturbed).toMatchObject({
    isControl: true,
    base: { verdict: 'never' },
    reference: { verdict: 'never' },
  });
  expect(disturbed?.backport.verdict).toMatch(/refined/);
});

test('TSC_RELIABLE is rejected: it takes the TSCs of two CPUs that nobody has compared', () => {
  const { kind, because, also } = of('tsc-reliable').conclusion;
  expect(kind).toBe('regresses');
  expect(because).toMatch(/registers a TSC that a correct kernel refuses: case=kvm control=two-cpus/);
  expect(also.join(' ')).toMatch(/shows the cause, not a fix to ship/);
  // It does all that it was meant for: that is why the controls are needed.
  expect(guests('tsc-reliable', 'as-reference')).toEqual(['kvm', 'kvm-between']);
});

test('a patch about something else: no-effect', () => {
  expect(of('unrelated').conclusion.kind).toBe('no-effect');
  expect(of('unrelated').conclusion.also).toEqual([
    expect.stringMatching(/changes nothing that decides about tsc/),
  ]);
});

test('a patch that breaks the boot: regresses, with the kernel’s own last words', () => {
  const { conclusion, guests: all } = of('breaks-boot');
  expect(conclusion.kind).toBe('regresses');
  expect(conclusion.because).toMatch(/panicked, but it was refined/);
  expect(all.map(({ backport }) => backport.verdict)).toContain('panicked');
});

test('each claim has its lines, and the statement its inputs', () => {
  const fixed = of('known-freq').guests.find(({ guest }) => guest === 'case=kvm-between');
  expect(fixed?.backport.cited.map(({ text }) => text).join('\n')).toMatch(/clocksource: tsc: mask/);
  expect(fixed?.base.folders[0]).toMatch(/^cells\/base\./);
  const { inputs, patch, boots } = of('unrelated');
  expect(boots).toEqual({ repeats: 1, deterministic: true });
  expect(patch).toMatchObject({ applies: 'exactly', alike: [] });
  expect(inputs.patches).toEqual([
    { name: 'unrelated.patch', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
  expect(inputs.kernels.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['base', 'reference', 'backport-6']),
  );
  expect(of('known-freq').patch?.alike[0]).toMatchObject({ id: expect.stringMatching(/^e10f78050323/) });
});

test('not all are equivalent: exit code 1, and nothing is left over', async () => {
  expect(ran.code).toBe(1);
  expect(await shop.leftovers()).toEqual([]);
});
