/** The margin of a kernel: the delay per read of its reference counter at which it stops registering tsc, found by boots. */
import type { GuestSpec } from '../../matrix/types.ts';
import type { ReadCycles, Runner } from '../runner.ts';
import { type GradedBoot, type GradedEnd, type Hint, hintOf, type ReadPlan } from './graded.ts';
import { checkGuest, delayOf } from './guests.ts';
import {
  flipOf,
  type Prediction,
  predictionsOf,
  READS_A_SAMPLE,
  type Reference,
  sampleCycles,
} from './limits.ts';
import { bootPoint, type Point, type PointBoot } from './point.ts';
import { type Answer, bracketOf, contradictions, type Next, next } from './search.ts';

const STEP_NS = 100;
const MAX_NS = 5_000_000;
/** As a share of the delay: a sample of several ms also holds the timer interrupts of that time. */
const NEAR = 0.02;
/** In real time, if no two boots are alike. */
export const REAL_REPEAT = 5;

export interface MarginOptions {
  /** Which counter is delayed; the guest has an HPET or not accordingly. */
  readonly reference: Reference;
  /** Width of the bracket, ns per read. */
  readonly stepNs?: number;
  /** Largest delay that is tried, ns per read. */
  readonly maxNs?: number;
  /** Boots of each point; by default one in deterministic time, REAL_REPEAT in real time. */
  readonly repeat?: number;
  /** What the boots leave is kept below it. */
  readonly folder: string;
  /** `folder` as it is named in reports. */
  readonly name: string;
  /** Limits in cycles that are known from elsewhere, to be tried first: by name. */
  readonly known?: Readonly<Record<string, number>>;
  readonly onProgress?: (text: string) => void;
  readonly onPoint?: (point: Point) => void;
}

export interface Margin {
  readonly reference: Reference;
  /** `unclear`: a boot within the search gave no answer; the bracket is what the others leave. */
  readonly outcome: 'flips' | 'never-stops' | 'never-registers' | 'unclear';
  /** One sentence. */
  readonly reason: string;
  /** Null if tsc is not registered even undelayed. */
  readonly registersUpToNs: number | null;
  /** Null if it is registered up to the largest delay that was tried. */
  readonly stopsFromNs: number | null;
  readonly stepNs: number;
  readonly maxNs: number;
  /** Undelayed, as the probe measured it in the first boot. */
  readonly readCycles: ReadCycles;
  /** Cycles of an undelayed sample, and the limit in cycles that the bracket stands for: from, to. */
  readonly sampleCycles: number | null;
  readonly limitCycles: { readonly from: number; readonly to: number } | null;
  readonly khz: number | null;
  /** Reads of the counter before the refinement's first; null if the undelayed boot refines nothing that is counted. */
  readonly readsBefore: number | null;
  /** All of them, graded ones too. */
  readonly boots: number;
  readonly predicted: readonly Prediction[];
  /** The limit of a source whose flip lies within a step of the bracket, by name; null if none does. */
  readonly agrees: string | null;
  /** If none does: the one whose flip is within NEAR of the bracket, by name. A long sample holds interrupts as well. */
  readonly near: string | null;
  /** Answers that no single margin explains. */
  readonly contradictions: readonly string[];
  readonly points: readonly Point[];
}

/**
 * Throws UserError for a guest whose reads cannot be delayed, HostFault if the host fails. What the kernel does,
 * whatever it is, is in the margin.
 */
export async function measureMargin(
  runner: Runner,
  kernelPath: string,
  guest: GuestSpec,
  options: MarginOptions,
): Promise<Margin> {
  const { reference, folder, name } = options;
  checkGuest(guest, reference);
  const stepNs = options.stepNs ?? STEP_NS;
  const maxNs = Math.max(1, Math.round((options.maxNs ?? MAX_NS) / stepNs)) * stepNs;
  const isExact = guest.clock === 'deterministic';
  const repeat = options.repeat ?? (isExact ? 1 : REAL_REPEAT);
  const onProgress = options.onProgress === undefined ? {} : { onProgress: options.onProgress };
  const how = { kernelPath, guest, reference, repeat, folder, name, ...onProgress };

  const points: Point[] = [];
  const answers: Answer[] = [];
  const graded: { boot: GradedBoot; hint: Hint | null }[] = [];
  let start: Start | null = null;
  let unclear: Point | null = null;
  for (;;) {
    const step: Next = next({
      stepNs,
      maxNs,
      predictions: start?.predictions ?? [],
      plan: isExact && graded.every(({ hint }) => hint !== null) ? planOf(reference, start) : null,
      answers,
      graded,
      atOnce: start?.atOnce ?? false,
    });
    if (step.kind === 'end') break;
    const refDelay = step.kind === 'plain' ? delayOf(reference, step.delayNs) : step.boot.refDelay;
    const of = step.kind === 'plain' ? 'search' : 'graded';
    const seen = await bootPoint(runner, how, refDelay, of);
    const { point } = seen;
    points.push(point);
    options.onPoint?.(point);
    start ??= startOf(seen.readCycles, seen.trueKhz, point, options.known ?? {});
    if (point.registers === null && step.kind === 'plain') {
      unclear = point;
      break;
    }
    if (step.kind === 'plain') {
      answers.push({ delayNs: step.delayNs, registers: point.registers === true });
    } else {
      // A disturbed sample that is accepted makes a wrong frequency, and the watchdog may take tsc away again.
      const [boot] = point.boots;
      const reads = boot?.reads?.[reference];
      const isKnown = boot !== undefined && reads !== undefined && point.registers !== null;
      const hint = isKnown ? hintOf(step.boot, endOf(boot), reads) : null;
      graded.push({ boot: step.boot, hint });
    }
  }
  if (start === null) throw new Error('a margin without a boot');
  return concluded({ reference, stepNs, maxNs, start, answers, points, unclear });
}

function endOf({ verdict, registeredS }: PointBoot): GradedEnd {
  if (registeredS === null) return 'never';
  return verdict === 'unrefined' ? 'unrefined' : 'refined';
}

/** What the undelayed boot tells. */
interface Start {
  readonly readCycles: ReadCycles;
  readonly khz: number | null;
  readonly sample: number | null;
  readonly predictions: readonly Prediction[];
  readonly readsBefore: number | null;
  readonly atOnce: boolean;
}

function startOf(
  readCycles: ReadCycles,
  khz: number | null,
  { reference, boots }: Point,
  known: Readonly<Record<string, number>>,
): Start {
  const sample = sampleCycles(reference, readCycles);
  const isKnown = sample !== null && khz !== null;
  const others = Object.entries(known).map(([name, cycles]) => ({
    name,
    of: 'known from elsewhere',
    released: true,
    cycles,
    flipNs: isKnown ? flipOf(reference, cycles, sample, khz) : 0,
  }));
  const predictions = isKnown
    ? [...predictionsOf(reference, sample, khz), ...others.filter(({ flipNs }) => flipNs > 0)]
    : [];
  const [first] = boots;
  const reads = first?.reads?.[reference];
  // Undelayed, the start sample and the stop sample both pass at the first try.
  const before = reads === undefined ? -1 : reads - 2 * READS_A_SAMPLE[reference];
  return {
    readCycles,
    khz,
    sample,
    predictions,
    readsBefore: first?.verdict === 'refined' && before >= 0 ? before : null,
    atOnce: boots.every(({ verdict }) => verdict === 'known-frequency'),
  };
}

/**
 * Reads of the PM timer before the refinement are the same in number however slow they are. Those of the HPET, which serves as
 * a clock event device too, are not: a 6.1 guest made 207 of them undelayed and 48 with 60 us added to each.
 */
function planOf(reference: Reference, start: Start | null): ReadPlan | null {
  if (reference !== 'pm' || start === null || start.readsBefore === null) return null;
  return { reference, before: start.readsBefore };
}

interface Found {
  readonly reference: Reference;
  readonly stepNs: number;
  readonly maxNs: number;
  readonly start: Start;
  readonly answers: readonly Answer[];
  readonly points: readonly Point[];
  readonly unclear: Point | null;
}

function concluded({ reference, stepNs, maxNs, start, answers, points, unclear }: Found): Margin {
  const { registersUpToNs: low, stopsFromNs: high } = bracketOf(answers);
  const outcome =
    unclear !== null ? 'unclear' : low === null ? 'never-registers' : high === null ? 'never-stops' : 'flips';
  const agreeing =
    outcome === 'flips' && low !== null && high !== null
      ? start.predictions.find(({ flipNs }) => flipNs > low - stepNs && flipNs < high + stepNs)
      : undefined;
  const near =
    outcome === 'flips' && agreeing === undefined
      ? start.predictions.find(({ flipNs }) => Math.abs((low ?? 0) / flipNs - 1) < NEAR)
      : undefined;
  const { sample, khz } = start;
  const cyclesAt = (delayNs: number): number | null =>
    sample === null || khz === null
      ? null
      : Math.round(sample + (delayNs * READS_A_SAMPLE[reference] * khz) / 1e6);
  const [from, to] = outcome === 'flips' ? [cyclesAt(low ?? 0), cyclesAt(high ?? 0)] : [null, null];
  return {
    reference,
    outcome,
    reason: reasonOf(outcome, low, high, maxNs, start, points, unclear, agreeing, near),
    registersUpToNs: low,
    stopsFromNs: high,
    stepNs,
    maxNs,
    readCycles: start.readCycles,
    sampleCycles: sample,
    limitCycles: from === null || to === null ? null : { from, to },
    khz,
    readsBefore: start.readsBefore,
    boots: points.reduce((sum, { boots }) => sum + boots.length, 0),
    predicted: start.predictions,
    agrees: agreeing?.name ?? null,
    near: near?.name ?? null,
    contradictions: contradictions(answers),
    points,
  };
}

const ns = (value: number): string => `${value.toLocaleString('en')} ns`;

function reasonOf(
  outcome: Margin['outcome'],
  low: number | null,
  high: number | null,
  maxNs: number,
  { atOnce }: Start,
  points: readonly Point[],
  unclear: Point | null,
  agreeing: Prediction | undefined,
  near: Prediction | undefined,
): string {
  const boot = (unclear ?? points[0])?.boots.find(({ verdict }) => verdict !== 'refined');
  switch (outcome) {
    case 'unclear':
      return `with ${unclear?.text ?? ''} a boot gave no answer: ${boot?.verdict}: ${boot?.reason}`;
    case 'never-registers':
      return `does not register even undelayed: ${boot?.verdict}: ${boot?.reason}`;
    case 'never-stops':
      return atOnce
        ? `registers up to the largest delay tried, ${ns(maxNs)} a read: at its initcall, where nothing is refined`
        : `registers up to the largest delay tried, ${ns(maxNs)} a read`;
    case 'flips': {
      const label = ({ name, of, flipNs }: Prediction): string =>
        `${name} (${of}) is reached at ${ns(Math.round(flipNs))}`;
      const limit =
        agreeing !== undefined
          ? label(agreeing)
          : near !== undefined
            ? `near a limit, ${label(near)}`
            : 'no limit that is known from the sources';
      return `registers up to ${ns(low ?? 0)} a read, not from ${ns(high ?? 0)}: ${limit}`;
    }
  }
}
