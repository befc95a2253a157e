/**
 * Where to boot next on the axis of delays. Only plain delays decide: the margin is a bracket with a boot on either side.
 * What the sources say of limits, and graded boots, say where to look. Pure.
 */
import { type GradedBoot, gradedBoot, type Hint, levelCount, type ReadPlan } from './graded.ts';
import { type Prediction, READS_A_SAMPLE } from './limits.ts';

export interface Answer {
  readonly delayNs: number;
  readonly registers: boolean;
}

export interface SearchInput {
  /** Delays are multiples of it; the bracket is as wide in the end. */
  readonly stepNs: number;
  readonly maxNs: number;
  readonly predictions: readonly Prediction[];
  /** Null if graded boots tell nothing: no counts, no refinement, or a clock that is not counted. */
  readonly plan: ReadPlan | null;
  readonly answers: readonly Answer[];
  readonly graded: readonly { readonly boot: GradedBoot; readonly hint: Hint | null }[];
  /** Undelayed it registered at its initcall: there is no sample to be rejected, so the largest delay comes next. */
  readonly atOnce: boolean;
}

/** Null: not even undelayed, and at the largest delay still. */
interface Bracket {
  readonly registersUpToNs: number | null;
  readonly stopsFromNs: number | null;
}

export type Next =
  | { readonly kind: 'plain'; readonly delayNs: number; readonly why: string }
  | { readonly kind: 'graded'; readonly boot: GradedBoot; readonly why: string }
  | { readonly kind: 'end'; readonly bracket: Bracket };

/** In steps: a bracket that plain boots close as fast as a graded one would. */
const NARROW = 4;
/** In steps: below it a limit that may be the one is tried. */
const CLOSE = 5000;
/** In spacings of the graded boot around it: what interrupts make of it, and six plain boots close. */
const SLACK = 1.35;
/** ns; of HZ=250, as in Debian's kernels and the seed's. */
const TICK_NS = 4_000_000;
/** Without graded boots: above this ratio a bracket is halved on a logarithmic scale. */
const WIDE = 8;

export function bracketOf(answers: readonly Answer[]): Bracket {
  const never = answers.filter(({ registers }) => !registers).map(({ delayNs }) => delayNs);
  const stopsFromNs = never.length === 0 ? null : Math.min(...never);
  const does = answers.filter((one) => one.registers && (stopsFromNs === null || one.delayNs < stopsFromNs));
  return {
    registersUpToNs: does.length === 0 ? null : Math.max(...does.map(({ delayNs }) => delayNs)),
    stopsFromNs,
  };
}

/** Answers that no single margin explains: it registers with more delay than it failed with. */
export function contradictions(answers: readonly Answer[]): string[] {
  const { stopsFromNs } = bracketOf(answers);
  return answers
    .filter(({ delayNs, registers }) => registers && stopsFromNs !== null && delayNs > stopsFromNs)
    .map(({ delayNs }) => `registers with ${delayNs} ns although it does not with ${stopsFromNs} ns`);
}

export function next(input: SearchInput): Next {
  const { answers, stepNs, maxNs } = input;
  const plain = (delayNs: number, why: string): Next => ({ kind: 'plain', delayNs, why });
  if (answers.length === 0) return plain(0, 'undelayed');
  const bracket = bracketOf(answers);
  const { registersUpToNs: low, stopsFromNs: high } = bracket;
  if (low === null || (high === null ? low >= maxNs : high - low <= stepNs)) return { kind: 'end', bracket };
  if (input.atOnce && high === null) return plain(maxNs, 'the largest delay: nothing is refined');
  return tryPredictions(input, low, high) ?? narrow(input, low, high);
}

/** The whole steps on either side of a predicted flip. */
function sides(flipNs: number, stepNs: number): { below: number; above: number } {
  const below = Math.floor(flipNs / stepNs) * stepNs;
  return { below, above: below + stepNs };
}

/** Which of them it is first, from the highest down; then the lower side. A limit that is in no release may be any. */
function tryPredictions(input: SearchInput, low: number, high: number | null): Next | null {
  const { stepNs, maxNs } = input;
  const descending = input.predictions.toSorted((a, b) => b.flipNs - a.flipNs);
  const released = descending
    .filter((prediction) => prediction.released)
    .map((prediction) => ({ ...sides(prediction.flipNs, stepNs), why: whyOf(prediction) }));
  const between = (delayNs: number): boolean => delayNs > low && (high === null || delayNs < high);
  const first = released.find(({ above }) => above <= maxNs && between(above));
  if (first !== undefined) return { kind: 'plain', delayNs: first.above, why: first.why };
  for (const { below, above, why } of released) {
    // The kernel's own sample takes some cycles more than the probe's: so one step lower as well.
    const delayNs = high === above ? below : high === below ? below - stepNs : null;
    if (delayNs !== null && between(delayNs)) return { kind: 'plain', delayNs, why };
  }
  return null;
}

function whyOf({ name, flipNs }: Prediction): string {
  return `${name} is reached at ${Math.round(flipNs)} ns`;
}

/** What plain and graded boots together leave; hints that plain answers contradict do not count. */
function hinted(
  input: SearchInput,
  low: number,
  high: number | null,
): { from: number; below: number | null } {
  let [from, below] = [low, high];
  for (const { hint } of input.graded) {
    if (hint === null) continue;
    const isWrong =
      (hint.fromNs !== null && high !== null && hint.fromNs >= high) ||
      (hint.belowNs !== null && hint.belowNs <= low);
    if (isWrong) continue;
    if (hint.fromNs !== null) from = Math.max(from, hint.fromNs);
    if (hint.belowNs !== null) below = Math.min(below ?? Number.POSITIVE_INFINITY, hint.belowNs);
  }
  return below !== null && from >= below ? { from: low, below: high } : { from, below };
}

function isAsked({ graded }: SearchInput, boot: GradedBoot): boolean {
  return graded.some((one) => one.boot.levelsNs.join() === boot.levelsNs.join());
}

/** A hint whose very bound a plain boot has refuted is off by some ten ns: what it meant is one step further. */
function beside({ graded, stepNs }: SearchInput, low: number, high: number | null): number | null {
  for (const { hint } of graded) {
    if (hint?.belowNs === low && (high === null || low + stepNs < high)) return low + stepNs;
    if (high !== null && hint?.fromNs === high && high - stepNs > low) return high - stepNs;
  }
  return null;
}

function narrow(input: SearchInput, low: number, high: number | null): Next {
  const { stepNs, maxNs, plan } = input;
  const plain = (delayNs: number, why: string): Next => ({ kind: 'plain', delayNs, why });
  const neighbour = beside(input, low, high);
  if (neighbour !== null) return plain(neighbour, 'beside a hint that was a little wrong');
  const { from, below } = hinted(input, low, high);
  if (below === null) {
    if (plan === null || from >= maxNs) return plain(maxNs, 'the largest delay');
    const spacing = Math.floor((maxNs - from) / stepNs / levelCount(plan.reference)) * stepNs;
    if (spacing < stepNs) return plain(maxNs, 'the largest delay');
    const lowest = maxNs - (levelCount(plan.reference) - 1) * spacing;
    const boot = gradedBoot(plan, lowest, spacing);
    if (isAsked(input, boot)) return plain(maxNs, 'the largest delay');
    return { kind: 'graded', boot, why: 'up to the largest delay' };
  }
  const steps = Math.round((below - from) / stepNs);
  const around =
    plan === null || steps > CLOSE
      ? null
      : (atUnreleased(input, plan, low, high) ?? aroundUnreleased(input, plan, from, below));
  if (around !== null) return around;
  if (steps <= 1) {
    return from > low
      ? plain(from, 'the side on which it registers')
      : plain(below, 'the side on which it does not');
  }
  if (plan !== null && steps > Math.max(NARROW, roughSteps(input))) {
    const { offset, spacing } = spread(steps, levelCount(plan.reference));
    const boot = gradedBoot(plan, from + offset * stepNs, spacing * stepNs);
    // One that told nothing would tell nothing again.
    if (!isAsked(input, boot)) return { kind: 'graded', boot, why: 'within what is left' };
  }
  return plain(from + middle(steps, from / stepNs) * stepNs, 'the middle of what is left');
}

/** In steps from the lower end. */
function middle(steps: number, from: number): number {
  const high = from + steps;
  const isWide = steps > NARROW && high / Math.max(1, from) > WIDE;
  return isWide ? Math.max(1, Math.round(Math.sqrt(Math.max(1, from) * high) - from)) : Math.floor(steps / 2);
}

/** No timer interrupt falls into some of its tries. */
function isShort({ flipNs }: Prediction, { reference }: ReadPlan): boolean {
  return flipNs * READS_A_SAMPLE[reference] < TICK_NS;
}

/**
 * A limit that is in no release, but lies within what is left, of a sample that is shorter than a tick: one of its tries holds no
 * timer interrupt, and the flip is where arithmetic has it. One side of it, then the other.
 */
function atUnreleased(
  { stepNs, predictions }: SearchInput,
  plan: ReadPlan,
  low: number,
  high: number | null,
): Next | null {
  for (const prediction of predictions.filter(({ released }) => !released)) {
    if (!isShort(prediction, plan)) continue;
    const { below, above } = sides(prediction.flipNs, stepNs);
    // The kernel's own sample takes some cycles more than the probe's, as for those of releases.
    const delayNs =
      high === above ? below : high === below ? below - stepNs : high === null || high > above ? above : null;
    if (delayNs !== null && low < delayNs) return { kind: 'plain', delayNs, why: whyOf(prediction) };
  }
  return null;
}

/**
 * A limit that is in no release, but lies within what is left: one graded boot around it. Its sample takes several ms, and the
 * timer interrupts of that time bring the flip down by a thousandth or two.
 */
function aroundUnreleased(
  { stepNs, predictions, graded }: SearchInput,
  plan: ReadPlan,
  from: number,
  below: number,
): Next | null {
  for (const prediction of predictions.filter(({ released }) => !released)) {
    const spacing = Math.max(1, Math.round(prediction.flipNs / 1000 / stepNs)) * stepNs;
    const lowest = sides(prediction.flipNs, stepNs).below - 2 * spacing;
    const highest = lowest + (levelCount(plan.reference) - 1) * spacing;
    const isDone = graded.some(({ boot }) => boot.levelsNs.at(-1) === lowest);
    if (isDone || isShort(prediction, plan) || lowest <= from || highest >= below) continue;
    const boot = gradedBoot(plan, lowest, spacing, Math.round((SLACK * spacing) / stepNs) * stepNs);
    return { kind: 'graded', boot, why: whyOf(prediction) };
  }
  return null;
}

/** In steps: as narrow as a graded boot with slack makes a bracket, another one tells nothing that is sure. */
function roughSteps({ graded, stepNs }: SearchInput): number {
  const widths = graded
    .filter(({ hint }) => hint !== null && hint.fromNs !== null && hint.belowNs !== null)
    .map(({ boot: { slackNs } }) => (slackNs * (2 + 1 / SLACK)) / stepNs);
  return Math.max(0, ...widths);
}

/** Levels within a bracket of so many steps, such that the longest part that an outcome leaves is shortest. */
function spread(steps: number, levels: number): { offset: number; spacing: number } {
  const even = steps / (levels + 1);
  const options = [Math.floor(even), Math.ceil(even)]
    .filter((spacing) => spacing >= 1)
    .map((spacing) => {
      const offset = Math.max(1, Math.ceil((steps - (levels - 1) * spacing) / 2));
      const rest = steps - offset - (levels - 1) * spacing;
      return { offset, spacing, rest, worst: Math.max(offset, spacing, rest) };
    })
    .filter(({ rest }) => rest >= 1)
    .toSorted((a, b) => a.worst - b.worst);
  const [best] = options;
  if (best === undefined) throw new Error(`${levels} levels do not fit into ${steps} steps`);
  return { offset: best.offset, spacing: best.spacing };
}
