/** How a backport stands in a guest, and what that comes to; the verdicts are those of DOMAIN's table of the seed's kernels. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec, Verdict } from '../../harness/matrix/types.ts';
import type { Cell } from '../../harness/plan/types.ts';
import { conclude, concludeCutOff } from '../../harness/validate/conclude.ts';
import { addDraw, guestsToDraw, stateOfDraws, weighDraws, withSeed } from '../../harness/validate/draws.ts';
import { areApart, changesBetween, judgeAcross } from '../../harness/validate/eras.ts';
import { judgeComparison } from '../../harness/validate/judge.ts';
import { judgeMargin, type MarginValue } from '../../harness/validate/margins.ts';
import type { Comparison, Side } from '../../harness/validate/types.ts';

function side(verdict: Verdict, more: Partial<Side> = {}): Side {
  return {
    cell: 'x',
    verdicts: [verdict],
    verdict,
    unclear: null,
    isHostFault: false,
    current: 'kvm-clock',
    ppm: verdict === 'refined' || verdict === 'known-frequency' ? 0 : null,
    reads: 26,
    transcripts: [],
    cited: [],
    reason: verdict,
    folders: [],
    ...more,
  };
}

type Row = readonly [guest: string, base: Verdict, backport: Verdict, reference: Verdict];

function trio([guest, base, backport, reference]: Row, more: Partial<Comparison> = {}): Comparison {
  return {
    guest,
    isControl: false,
    base: side(base),
    backport: side(backport),
    reference: side(reference),
    ...more,
  };
}

const NESTED: GuestSpec = { ...DEFAULT_GUEST, topology: 'nested' };
const TOLERANCE = 10;
const judge = (one: Comparison) => judgeComparison(one, TOLERANCE);
const finding = (row: Row) => judge(trio(row)).finding;
const concluded = (trios: readonly Comparison[], margins: Parameters<typeof conclude>[1] = []) =>
  conclude(trios.map(judge), margins);

const CONTROL: Row = ['two-cpus', 'unstable', 'unstable', 'unstable'];
const control = (row: Row) => trio(row, { isControl: true });

describe('one guest', () => {
  test.each([
    ['same', ['g', 'refined', 'refined', 'refined']],
    ['as-reference', ['g', 'never', 'known-frequency', 'known-frequency']],
    ['missing', ['g', 'never', 'never', 'known-frequency']],
    ['missing', ['g', 'refined', 'refined', 'known-frequency']],
    ['other', ['g', 'never', 'refined', 'known-frequency']],
    ['worse', ['g', 'refined', 'never', 'known-frequency']],
    ['worse', ['g', 'refined', 'panicked', 'refined']],
    ['worse', ['g', 'refined', 'unrefined', 'refined']],
    // What the others could not measure, and it measured right.
    ['tolerant', ['g', 'never', 'refined', 'never']],
    ['accepts', ['g', 'never', 'refined', 'unstable']],
    ['accepts', ['g', 'unstable', 'known-frequency', 'unstable']],
    // What upstream itself does worse than the base is upstream's decision.
    ['as-reference', ['g', 'refined', 'never', 'never']],
    ['missing', ['g', 'refined', 'refined', 'never']],
  ] as const)('%s: %j', (wanted, row) => {
    expect(finding(row)).toBe(wanted);
  });

  test('a current clocksource that is another one counts', () => {
    const one = trio(['g', 'refined', 'refined', 'refined']);
    const judged = judge({ ...one, reference: side('refined', { current: 'tsc' }) });
    expect(judged).toMatchObject({ finding: 'missing' });
  });

  test('a frequency that is farther off than both others is worse; within the tolerance it is the same', () => {
    const one = trio(['g', 'refined', 'refined', 'refined']);
    expect(judge({ ...one, backport: side('refined', { ppm: -494 }) })).toMatchObject({
      finding: 'worse',
      why: 'the frequency is -494 ppm off, but it was 0 ppm; the reference is refined (current kvm-clock, 0 ppm)',
    });
    expect(judge({ ...one, backport: side('refined', { ppm: 9 }) }).finding).toBe('same');
    expect(judge({ ...one, backport: side('refined', { ppm: null }) }).finding).toBe('other');
  });

  test('a wrong frequency is not to be taken, whether the others refuse the TSC or not', () => {
    const off = side('refined', { ppm: -99 });
    const refused = judge({ ...trio(['g', 'never', 'refined', 'never']), backport: off });
    expect(refused).toMatchObject({
      finding: 'accepts',
      offPpm: -99,
      why: expect.stringMatching(/^its frequency is -99 ppm off/),
    });
    const measured = judge({ ...trio(['g', 'never', 'refined', 'refined']), backport: off });
    expect(measured).toMatchObject({ finding: 'worse', offPpm: -99 });
    const upstreamToo = {
      ...trio(['g', 'never', 'refined', 'refined']),
      backport: off,
      reference: side('refined', { ppm: -150 }),
    };
    expect(judge(upstreamToo)).not.toHaveProperty('offPpm');
    const unknown = judge({
      ...trio(['g', 'never', 'refined', 'never']),
      backport: side('refined', { ppm: null }),
    });
    expect(unknown.finding).toBe('accepts');
  });

  test('an unrefined frequency is the first estimate, which is within 500 ppm', () => {
    const one = trio(['g', 'unrefined', 'unrefined', 'refined']);
    const estimate = (ppm: number) =>
      judge({ ...one, backport: side('unrefined', { ppm }), base: side('unrefined', { ppm: 13 }) });
    expect(estimate(27).finding).toBe('missing');
    expect(estimate(-400).finding).toBe('missing');
    expect(estimate(-600).finding).toBe('worse');
  });

  test('the frequency of a TSC that is refused is not compared', () => {
    const one = trio(['g', 'never', 'never', 'never']);
    expect(judge({ ...one, backport: side('never', { ppm: 700 }) }).finding).toBe('same');
  });

  test('no answer on any side is no finding, and says whose fault it is', () => {
    const lost = side('infra-error', { verdict: null, unclear: 'QEMU was killed', isHostFault: true });
    expect(judge({ ...trio(['g', 'never', 'never', 'never']), reference: lost })).toEqual({
      guest: 'g',
      isControl: false,
      finding: 'unclear',
      why: 'reference: QEMU was killed',
      isHostFault: true,
    });
  });
});

describe('all guests', () => {
  const same = trio(['hpet', 'refined', 'refined', 'refined']);
  const fixed = trio(['slow', 'never', 'known-frequency', 'known-frequency']);
  const missing = trio(['unknown', 'unrefined', 'unrefined', 'refined']);

  test('as the reference everywhere, controls refused: equivalent', () => {
    expect(concluded([same, fixed, control(CONTROL)])).toMatchObject({
      kind: 'equivalent',
      because: 'it does as the reference in every guest and refuses the TSC in all 1 negative controls',
    });
    expect(concluded([same, fixed]).also).toEqual(['No negative control was among the guests.']);
  });

  test('a part of it: incomplete, and it is named', () => {
    const { kind, because } = concluded([same, fixed, missing, control(CONTROL)]);
    expect(kind).toBe('incomplete');
    expect(because).toMatch(/1 of 2 places .* not in unknown \(still unrefined/);
  });

  test('a healthy guest that got worse outweighs all that was repaired', () => {
    const worse = trio(['between', 'refined', 'never', 'known-frequency']);
    expect(concluded([fixed, missing, worse])).toMatchObject({ kind: 'regresses' });
  });

  test('a TSC that is to be refused and is taken: regresses, however many guests are as the reference', () => {
    const taken = control(['two-cpus', 'unstable', 'known-frequency', 'unstable']);
    const { kind, because, also } = concluded([fixed, taken]);
    expect(kind).toBe('regresses');
    expect(because).toMatch(/^it registers a TSC that a correct kernel refuses: two-cpus/);
    expect(also).toEqual(['It does as the reference in one guest; that shows the cause, not a fix to ship.']);
  });

  test('a wrong frequency is the first reason, the one farthest off before all', () => {
    const off = (name: string, ppm: number) => ({
      ...trio([name, 'never', 'refined', 'never']),
      backport: side('refined', { ppm }),
    });
    const still = trio(['slow', 'never', 'never', 'known-frequency']);
    const precise = trio(['precise', 'never', 'refined', 'never']);
    const worse = trio(['between', 'refined', 'never', 'known-frequency']);
    const { kind, because, also } = concluded([worse, still, precise, off('a', -99), off('b', 494)]);
    expect(kind).toBe('regresses');
    expect(because).toMatch(/^it registers the TSC with a wrong frequency: b \(.*; a \(/);
    expect(because).not.toMatch(/precise|between/);
    expect(also.join(' ')).toMatch(/More tolerant than the reference, and accurate there: precise/);
    expect(also.join(' ')).toMatch(/worse than the base: between/);
  });

  test('accurate where the reference refuses: more tolerant, which is neither a regression nor the reference', () => {
    const conclusion = concluded([fixed, trio(['precise', 'never', 'refined', 'never'])]);
    expect(conclusion).toMatchObject({
      kind: 'incomplete',
      because: expect.stringContaining('more tolerant in one guest'),
    });
  });

  test('nothing of what upstream changed: no-effect, and what it does beside it is told', () => {
    const still = trio(['slow', 'never', 'never', 'known-frequency']);
    expect(concluded([same, still, control(CONTROL)]).kind).toBe('no-effect');
    const taken = control(['two-cpus', 'unstable', 'refined', 'unstable']);
    const { kind, also } = concluded([same, still, taken]);
    expect(kind).toBe('no-effect');
    expect(also).toEqual([
      expect.stringMatching(/^It registers a TSC that a correct kernel refuses: two-cpus/),
    ]);
  });

  test('no answers: inconclusive, never equivalent, with what would settle it', () => {
    const lost = side('infra-error', { verdict: null, unclear: 'no KVM', isHostFault: true });
    const conclusion = concluded([fixed, { ...same, backport: lost }]);
    expect(conclusion).toMatchObject({
      kind: 'inconclusive',
      settle: ['hpet: backport: no KVM'],
      isHostFault: true,
    });
    expect(concluded([same]).kind).toBe('inconclusive');
  });

  test('a margin that fell is a regression, one that is as the base’s is missing', () => {
    const value = (upToNs: number | null, stopsAtNs: number | null): MarginValue => ({
      upToNs,
      stopsAtNs,
      triedNs: 5_000_000,
      boots: 5,
      isUnclear: false,
    });
    const [old, strict, endless] = [value(12_250, 12_500), value(5_750, 6_000), value(5_000_000, null)];
    const margin = (base: MarginValue, backport: MarginValue, reference: MarginValue) =>
      judgeMargin({ guest: 'kvm', stepNs: 250, base, backport, reference });
    expect(margin(old, strict, endless)).toMatchObject({
      finding: 'worse',
      why: 'fell to 5.75 us from 12.25 us; the reference has more than 5000 us',
    });
    expect(margin(old, strict, strict).finding).toBe('as-reference');
    expect(margin(old, old, strict).finding).toBe('missing');
    expect(margin(old, endless, endless).finding).toBe('as-reference');
    expect(margin(old, value(12_500, 12_750), value(12_250, 12_500)).finding).toBe('same');
    expect(margin(old, value(null, 0), endless).finding).toBe('worse');
    expect(margin(old, { ...old, isUnclear: true }, endless).finding).toBe('unclear');
    expect(concluded([fixed], [margin(old, strict, endless)]).kind).toBe('regresses');
    expect(concluded([fixed], [margin(old, old, strict)]).kind).toBe('incomplete');
  });
});

describe('a base and a reference of different ages', () => {
  const RHEL7 = '3.10.0-514.el7.x86_64';
  const across = (one: Comparison, base = RHEL7, reference = '6.1.176', own: string[] = []) =>
    judgeAcross(one, TOLERANCE, changesBetween(base, reference, own));
  const invtsc = trio(['kvm-invtsc', 'never', 'known-frequency', 'known-frequency'], {
    reference: side('known-frequency', { current: 'tsc' }),
  });
  const xen = trio(['xen', 'refined', 'refined', 'known-frequency'], {
    base: side('refined', { current: 'xen' }),
    backport: side('refined', { current: 'xen' }),
    reference: side('known-frequency', { current: 'xen' }),
  });
  const reason = 'the reason given is "TSCs unsynchronized"';
  const sockets = trio(['two-cpus', 'unstable', 'unstable', 'refined'], {
    base: side('unstable', { reason }),
    isControl: true,
  });

  test('which clocksource outranks which is left out where a later commit decides it', () => {
    expect(judge(invtsc).finding).toBe('other');
    expect(across(invtsc)).toMatchObject({
      finding: 'as-reference',
      why: expect.stringContaining('7539b174aef4'),
    });
    // Both lack it, both have it, or it is what the backport is about.
    expect(across(invtsc, RHEL7, '4.19.79').finding).toBe('other');
    expect(across(invtsc, '5.4.273').finding).toBe('other');
    expect(across(invtsc, '4.18.0-348.el8.x86_64').finding).toBe('other');
    expect(across(invtsc, RHEL7, '6.1.176', ['7539b174aef4']).finding).toBe('other');
    // Where the registration differs too, it still counts.
    const lacks = { ...invtsc, backport: side('never') };
    expect(across(lacks).finding).toBe('missing');
  });

  test('a guest that a later commit decides cannot be compared', () => {
    expect(across(xen)).toMatchObject({ finding: 'apart', why: expect.stringContaining('898ec52d2ba0') });
    expect(across(xen, RHEL7, '5.8.18').finding).toBe('missing');
    expect(across(sockets, RHEL7, '6.12.1').finding).toBe('apart');
    expect(across(sockets, RHEL7, '6.11.0').finding).toBe('missing');
    const other = { ...sockets, base: side('unstable', { reason: 'by the clocksource watchdog' }) };
    expect(across(other, RHEL7, '6.12.1').finding).toBe('missing');
    // A backport that makes it worse does so whatever the reference is.
    const worse = { ...xen, backport: side('never', { current: 'xen' }) };
    expect(across(worse).finding).toBe('worse');
  });

  test('tsc-early, and a parameter of the kernel, came with later commits', () => {
    const early = trio(['disturbed', 'never', 'never', 'never'], {
      base: side('never', { current: 'acpi_pm' }),
      backport: side('never', { current: 'acpi_pm' }),
      reference: side('never', { current: 'tsc-early' }),
    });
    expect(across(early)).toMatchObject({
      finding: 'same',
      why: expect.stringContaining('aa83c45762a2'),
    });
    expect(across(early, RHEL7, '4.14.67').finding).toBe('missing');
    const told = trio(['told-unstable', 'refined', 'known-frequency', 'unstable'], {
      reference: side('unstable', { reason: 'the reason given is "boot parameter"' }),
    });
    expect(across(told)).toMatchObject({ finding: 'apart', why: expect.stringContaining('8309f86cd41e') });
    expect(across(told, '4.14.67').finding).toBe('other');
    expect(across({ ...told, reference: side('unstable') }).finding).toBe('other');
  });

  test('is said, and a control that cannot be compared is none', () => {
    const fixed = judge(trio(['kvm-slow', 'never', 'known-frequency', 'known-frequency']));
    const conclusion = conclude([fixed, across(sockets, RHEL7, '6.12.1')], []);
    expect(conclusion.because).toBe('it does as the reference in every guest that can be compared');
    expect(conclusion.also.join(' ')).toMatch(
      /Cannot be compared.*two-cpus.*e7ff4ebffe3b.*No negative control/,
    );
    expect(conclude([across(xen)], [])).toMatchObject({ kind: 'inconclusive' });
  });

  test('two trees of one kernel are of one age', () => {
    expect(areApart(RHEL7, '3.10.0-1160.el7.x86_64')).toBe(false);
    expect(areApart(RHEL7, '3.16.0')).toBe(true);
    expect(areApart('a tree', '3.16.0')).toBe(false);
  });
});

describe('tests of the user', () => {
  const tested = (base: string, backport: string, reference: string) =>
    trio(['g', 'refined', 'refined', 'refined'], {
      base: side('refined', { tests: { t: base } as never }),
      backport: side('refined', { tests: { t: backport } as never }),
      reference: side('refined', { tests: { t: reference } as never }),
    });

  test.each([
    ['same', 'pass', 'pass', 'pass'],
    ['same', 'fail', 'fail', 'fail'],
    ['as-reference', 'fail', 'pass', 'pass'],
    ['missing', 'fail', 'fail', 'pass'],
    ['worse', 'pass', 'fail', 'pass'],
    ['worse', 'pass', 'crash', 'pass'],
    ['other', 'fail', 'crash', 'pass'],
  ])('%s: base %s, backport %s, reference %s', (expected, base, backport, reference) => {
    expect(judge(tested(base, backport, reference)).finding).toBe(expected);
  });

  test('a regression names the test', () => {
    expect(judge(tested('pass', 'fail', 'pass')).why).toContain('the test t is fail, but it was pass');
    expect(concluded([tested('pass', 'fail', 'pass')]).kind).toBe('regresses');
    expect(concluded([tested('fail', 'fail', 'pass')]).kind).toBe('no-effect');
  });
});

describe('a guest whose reads are disturbed at random', () => {
  const random = {
    clock: 'deterministic',
    refDelay: { pmNs: 0, hpetNs: 0, disturbance: { kind: 'random', probability: 0.5, seed: 3, ns: 1000 } },
  } as const;
  const cell = (guest: GuestSpec): Cell => ({
    id: 'c',
    kernel: 'base',
    guest,
    axes: {},
    expectation: { registration: ['refined'], from: ['default'] },
  });
  const cells = new Map([
    ['g', cell({ ...NESTED, ...random })],
    ['h', cell(NESTED)],
  ]);
  const draw = (rows: readonly Row[]) =>
    rows.map((row) => trio(row)).map((one) => ({ trio: one, judged: judge(one) }));
  const drawn = (rows: readonly Row[]) => guestsToDraw(draw(rows), cells).map(({ trio: { guest } }) => guest);
  const WORSE: Row = ['g', 'refined', 'unrefined', 'refined'];
  const FIXED: Row = ['g', 'unrefined', 'refined', 'refined'];
  const MISSING: Row = ['h', 'never', 'never', 'known-frequency'];
  const counted = (worse: number, better: number, alike: number, fault: string | null = null) => ({
    worse,
    better,
    alike,
    fault,
  });

  test('is drawn again if it seems worse, or is all that an effect is seen by', () => {
    expect(drawn([WORSE])).toEqual(['g']);
    expect(drawn([['h', 'refined', 'unrefined', 'refined']])).toEqual([]);
    expect(drawn([FIXED, MISSING])).toEqual(['g']);
    expect(drawn([FIXED])).toEqual([]);
    // Another guest is worse already.
    expect(drawn([WORSE, ['h', 'refined', 'never', 'known-frequency']])).toEqual([]);
    expect(drawn([FIXED, MISSING, ['i', 'never', 'refined', 'refined']])).toEqual([]);
    expect(drawn([['g', 'refined', 'refined', 'refined'], MISSING])).toEqual([]);
  });

  test('has another seed with each draw', () => {
    const [place] = guestsToDraw(draw([WORSE]), cells);
    if (place === undefined) throw new Error('not drawn');
    expect(withSeed(place.cell.guest, 2).refDelay.disturbance).toMatchObject({ seed: 5, probability: 0.5 });
  });

  test('counts which of the two is served worse', () => {
    const add = (draws: ReturnType<typeof counted>, mine: Verdict, base: Verdict) =>
      addDraw(draws, side(mine), side(base), TOLERANCE);
    expect(add(counted(1, 0, 0), 'unrefined', 'refined')).toEqual(counted(2, 0, 0));
    expect(add(counted(1, 0, 0), 'refined', 'unrefined')).toEqual(counted(1, 1, 0));
    expect(add(counted(1, 0, 0), 'refined', 'refined')).toEqual(counted(1, 0, 1));
  });

  test.each([
    ['more', counted(1, 0, 0)],
    ['more', counted(4, 0, 7)],
    ['stands', counted(5, 0, 2)],
    ['stands', counted(0, 5, 0)],
    ['chance', counted(1, 1, 0)],
    ['chance', counted(4, 0, 8)],
    ['chance', counted(2, 0, 0, 'QEMU is gone')],
  ] as const)('%s: %j', (state, draws) => {
    expect(stateOfDraws(draws)).toBe(state);
  });

  test('what chance decides weighs nothing, and is told', () => {
    const weighed = draw([WORSE, MISSING]).map(({ trio: { guest }, judged: one }) =>
      weighDraws(one, guest === 'g' ? counted(1, 1, 1) : undefined),
    );
    expect(conclude(weighed, [])).toMatchObject({
      kind: 'no-effect',
      also: [
        'Chance decides where reads are disturbed at random: g (of 3 seeds of the disturbance 1 are worse than with the base, 1 better: unrefined, but it was refined; the reference is refined (current kvm-clock, 0 ppm)).',
      ],
    });
    expect(weighDraws(judge(trio(WORSE)), counted(5, 0, 1))).toMatchObject({ finding: 'worse' });
    expect(weighDraws(judge(trio(WORSE)), counted(1, 0, 1, 'QEMU is gone'))).toMatchObject({
      finding: 'unclear',
      isHostFault: true,
    });
  });
});

describe('cut off by a signal', () => {
  const cutOff = { answered: 1, guests: 51, left: 'guests, margins' };
  const of = (row: Row) => concludeCutOff(conclude([judgeComparison(trio(row), 10)], []), cutOff);

  test('what speaks against the backport stands, and what is not known is said first', () => {
    const { kind, because, also } = of(['kvm', 'refined', 'never', 'refined']);
    expect(kind).toBe('regresses');
    expect(because).toMatch(/^it does worse than the base/);
    expect(also[0]).toBe(
      'Not all is known: it was interrupted with 1 of 51 guests answered; not done: guests, margins.',
    );
  });

  test.each<[string, Row]>([
    ['no-effect', ['kvm', 'never', 'never', 'refined']],
    ['inconclusive', ['kvm', 'refined', 'refined', 'refined']],
  ])('%s of a part says nothing of the whole', (kind, row) => {
    const conclusion = of(row);
    expect(conclusion).toMatchObject({ kind: 'inconclusive', isHostFault: false });
    expect(conclusion.because).toContain('1 of 51 guests');
    expect(conclusion.also[0]).toMatch(new RegExp(`^So far: ${kind}, `));
    expect(conclusion.settle).toEqual(['Resume it: the same command, with --resume and the run.']);
  });
});
