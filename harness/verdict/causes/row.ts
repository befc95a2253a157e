/** What one cause is made of: its name, the rules that find it, and the advice that goes with it. */
import type { Registration } from '../../matrix/types.ts';
import type { Context } from '../context.ts';
import { type Citation, type Claim, type Confidence, cite, claim } from '../deduction.ts';

/** What a rule goes by: the kernel's own word before what went on around it, then figures, then what is left. */
export const GROUNDS = ['said', 'around', 'figures', 'rest'] as const;

export interface CauseRule {
  /** How tsc ended; registered in any way is one. */
  readonly end: 'unstable' | 'never' | 'registered';
  readonly ground: (typeof GROUNDS)[number];
  readonly find: (c: Context, registration: Registration) => Claim | false | null;
}

interface CauseRow<Name extends string = string> {
  readonly name: Name;
  readonly rules: readonly CauseRule[];
  /** What to do about it, most useful first; each a sentence. */
  readonly advice: readonly string[] | ((c: Context) => readonly string[]);
}

/** Keeps the name as a type, from which the closed list of causes is made. */
export const cause = <const Name extends string>(
  name: Name,
  rules: CauseRow['rules'],
  advice: CauseRow['advice'],
): CauseRow<Name> => ({ name, rules, advice });

export const rule = (
  end: CauseRule['end'],
  ground: CauseRule['ground'],
  find: CauseRule['find'],
): CauseRule => ({ end, ground, find });

/** The rule for a caller of mark_tsc_unstable() that passes a reason of its own. */
export const marked = (
  reason: RegExp,
  confidence: Confidence,
  why: string,
  more: (c: Context) => readonly Citation[] = () => [],
): CauseRule =>
  rule('unstable', 'said', (c) => {
    const mark = c.facts.marks.slice(0, 1).filter((m) => reason.test(m.reason));
    const evidence = mark.map((m) => cite(m, 'the reason that the kernel gives'));
    return mark.length > 0 && claim(confidence, why, [...evidence, ...more(c)]);
  });
