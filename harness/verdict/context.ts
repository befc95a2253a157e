/** What the rules look at: the facts, what is known of the kernel, and what is listed and current. */
import type { ExitCounts } from '../evidence/exits.ts';
import { isBefore } from '../evidence/facts/find.ts';
import type { Facts, Found } from '../evidence/facts/types.ts';
import { generationOf, type KernelGeneration, RATINGS } from './kernel-generations.ts';

/** What the probe saw over time; absent for pasted text. */
export interface ProbeTimeline {
  /** `unknown`: there was no list to watch. */
  readonly state: 'registered' | 'removed' | 'never' | 'unknown' | null;
  readonly firstPollS: number | null;
  /** When tsc was first listed, seconds since boot. */
  readonly firstListedS: number | null;
  readonly lastPollS: number | null;
  /**
   * How far the log's clock is ahead of the probe's at the least, seconds: in old kernels sched_clock() runs before
   * timekeeping does, 0.2 s in 3.10.
   */
  readonly logAheadS?: number;
}

export interface DiagnoseInput {
  readonly facts: Facts;
  readonly available?: readonly string[] | undefined;
  readonly current?: string | undefined;
  readonly watched?: ProbeTimeline | undefined;
  /** What was counted outside of the guest; null or absent if nothing was. */
  readonly exits?: ExitCounts | null | undefined;
}

export interface Context {
  readonly facts: Facts;
  readonly era: KernelGeneration | null;
  readonly available: readonly string[] | null;
  readonly current: string | null;
  /** `stated` by sysfs, an option or the probe; `log`: the last switch that the log shows. */
  readonly currentFrom: 'stated' | 'log' | null;
  readonly listed: boolean | null;
  /** tsc-early is (still) listed or current, as stated. */
  readonly earlyListed: boolean;
  readonly watched: ProbeTimeline | null;
  readonly exits: ExitCounts | null;
  /** A "Refined" line would stand in this text had it been printed. */
  readonly refinedWouldShow: boolean;
  readonly khz: number | null;
}

/** Refinement is done 1 to 2 s after the initcalls; a log that goes on for this long after them is past it. */
const PAST_REFINEMENT_S = 3;

export function contextOf(input: DiagnoseInput): Context {
  const { facts } = input;
  const available = input.available ?? facts.available?.value ?? null;
  const stated = input.current ?? facts.current?.value ?? null;
  const switched = currentByLog(facts);
  return {
    facts,
    era: generationOf(facts.kernel?.version ?? null) ?? generationByMessages(facts),
    available,
    current: stated ?? switched,
    currentFrom: stated !== null ? 'stated' : switched !== null ? 'log' : null,
    listed: available !== null ? available.includes('tsc') : stated === 'tsc' ? true : null,
    earlyListed: available?.includes('tsc-early') === true || stated === 'tsc-early',
    watched: input.watched ?? null,
    exits: input.exits ?? null,
    refinedWouldShow:
      facts.shape.showsTscMessages !== null ||
      isPastRefinement(facts) ||
      // The probe sends all of the log, up to the moment when it has settled; else the console has shown it up to there.
      (input.watched != null && facts.shape.beginsAtBoot),
    khz:
      facts.refined.at(-1)?.khz ??
      facts.detected.findLast((d) => d.of === 'TSC')?.khz ??
      facts.detected.at(-1)?.khz ??
      null,
  };
}

/** The last switch that the log shows, unless what follows it must have led to another that is not there. */
function currentByLog(facts: Facts): string | null {
  const last = facts.switches.toSorted((a, b) => (isBefore(a, b) ? -1 : 1)).at(-1);
  const then = facts.watchdog.findLast(
    (w) => w.currentThen !== null && w.currentThen !== w.source,
  )?.currentThen;
  if (last === undefined) return then ?? null;
  const after = (found: readonly Found[]): boolean => found.some((f) => isBefore(last, f));
  const isTsc = /^tsc/.test(last.name);
  if (isTsc && (after(facts.marks) || after(facts.unstableSigns))) return null;
  if (facts.shape.kind === 'whole') return last.name;
  const came = after(facts.refined) || after(facts.registered.filter((r) => r.name === 'tsc'));
  return came && (RATINGS[last.name] ?? 0) < RATINGS.tsc ? null : last.name;
}

/** A whole log that goes on well past the moment when refinement ends. */
export function isPastRefinement(facts: Facts): boolean {
  const { shape } = facts;
  if (shape.kind !== 'whole') return false;
  const init = facts.afterInit[0]?.timeS ?? facts.beforeInit.at(-1)?.timeS ?? null;
  return init === null || shape.lastS === null ? false : shape.lastS >= init + PAST_REFINEMENT_S;
}

/** Without a version line the messages tell the oldest generation: no "clocksource: " prefix before 4.2. */
function generationByMessages(facts: Facts): KernelGeneration | null {
  const unprefixed = facts.switches.some((s) => !s.prefixed);
  if (!unprefixed || facts.registered.length > 0) return null;
  return {
    ...(generationOf({ major: 3, minor: 10, patch: 0, el: null }) as KernelGeneration),
    name: 'before 4.2, by its messages',
    sampleLimit: 'unknown',
    stopRejected: 'unknown',
  };
}

/** The current source is stated, or the log is whole. */
export function isSettled(c: Context): boolean {
  return c.currentFrom === 'stated' || c.facts.shape.kind === 'whole';
}
