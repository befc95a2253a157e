/** Parts of a text that cannot both be true of one boot at one time. */
import type { Context } from './context.ts';
import { type Citation, cite } from './deduction.ts';

interface Contradiction {
  /** A sentence without its full stop. */
  readonly text: string;
  readonly evidence: readonly Citation[];
  /** It takes the certainty of the whole diagnosis away. */
  readonly unsettles: boolean;
}

/** The log registers tsc, nothing in it takes tsc away, and the list does not have it. */
export function registeredButUnlisted({ facts, listed }: Context): Contradiction | null {
  const came = facts.refined.at(-1) ?? facts.registered.findLast((r) => r.name === 'tsc');
  const lost = [...facts.marks, ...facts.warps, ...facts.unstableSigns, ...facts.watchdog.filter(isMark)];
  if (came === undefined || listed !== false || lost.length > 0) return null;
  const list = facts.available === null ? [] : [cite(facts.available, 'tsc is not in it')];
  return {
    text: 'the log registers tsc and the list lacks it: they are of different boots, or tsc was lost after the end of the log',
    evidence: [cite(came, 'tsc was registered'), ...list],
    unsettles: true,
  };
}

const isMark = ({ kind }: { readonly kind: string }): boolean =>
  /^(?:cpu-)?skew$|^slow-read-marked$/.test(kind);

/** A reason may be cut off; so much of it tells it from the others. */
const SAME = 8;

type DoubtFact = NonNullable<Context['facts']['doubt']>;
const DOUBTS: Readonly<Record<DoubtFact['kind'], string>> = {
  order:
    'its stamps go back as often as they go on, so it stands newest first, or its lines are of different boots',
  again: 'a message that a kernel prints once comes again: the lines are of different boots',
};
/** The order is that of all lines. */
const doubtful = (doubt: DoubtFact): Citation[] =>
  doubt.kind === 'again' ? [cite(doubt, 'printed once in a boot')] : [];

export function contradictionsOf(c: Context): Contradiction[] {
  const { facts, available, current, currentFrom, listed } = c;
  const found = [registeredButUnlisted(c)];
  const stated = facts.current === null ? [] : [cite(facts.current, 'stated as current')];
  if (available !== null && current !== null && currentFrom === 'stated' && !available.includes(current))
    found.push({
      text: `${current} is said to be current and is not in the list of available clocksources`,
      evidence: stated,
      unsettles: true,
    });
  const mark = facts.marks[0];
  if (
    mark !== undefined &&
    (currentFrom === 'stated' ? current === 'tsc' : listed === true && c.era?.tscEarly === true)
  )
    found.push({
      text: 'the log marks the TSC unstable, yet tsc is stated as current or listed: that was before the mark, or in another boot',
      evidence: stated,
      unsettles: false,
    });
  const other = facts.marks.find(({ reason }) => reason.slice(0, SAME) !== mark?.reason.slice(0, SAME));
  if (mark !== undefined && other !== undefined)
    found.push({
      text: 'the TSC is marked unstable for two reasons, and a kernel does that once: the lines are of different boots, or of no log',
      evidence: [cite(other, 'another reason')],
      unsettles: true,
    });
  // tsc.c tsc_refine_calibration_work() leaves an unstable TSC alone.
  const sound = facts.refined.find(({ order }) => mark !== undefined && order > mark.order);
  if (sound !== undefined)
    found.push({
      text: 'the TSC is refined after it was marked unstable, which no kernel does: the lines are of different boots',
      evidence: [cite(sound, 'refined after the mark')],
      unsettles: true,
    });
  if (facts.doubt !== undefined)
    found.push({ text: DOUBTS[facts.doubt.kind], evidence: doubtful(facts.doubt), unsettles: true });
  return found.filter((one) => one !== null);
}
