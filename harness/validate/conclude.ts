/** From the findings to what a maintainer can put under a patch. Pure. */
import type { JudgedMargin } from './margins.ts';
import type { CutOff } from './statement.ts';
import type { Conclusion, Finding, Judged } from './types.ts';

const SHOWN = 3;

function list(findings: readonly (Judged | JudgedMargin)[]): string {
  const shown = findings.slice(0, SHOWN).map(({ guest, why }) => `${guest} (${why})`);
  const more = findings.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function guests(count: number): string {
  return count === 1 ? 'one guest' : `${count} guests`;
}

const isOf =
  (...wanted: readonly Finding[]) =>
  ({ finding }: { readonly finding: Finding }): boolean =>
    wanted.includes(finding);

/**
 * The order is that of what weighs most. A wrong frequency is a clock that runs wrong, so it comes first. A healthy guest that got worse is a regression, whatever else was repaired. A
 * patch that leaves all that upstream changed as it was has no effect, whatever it may do beside it. A kernel that takes
 * a TSC which must be refused proves a hypothesis, but is nothing to ship. Only then is it asked whether all is there.
 */
export function conclude(cells: readonly Judged[], margins: readonly JudgedMargin[]): Conclusion {
  const all = [...cells, ...margins];
  const of = (...wanted: readonly Finding[]) => all.filter(isOf(...wanted));
  const wrong = all
    .filter(({ offPpm }) => offPpm !== undefined)
    .toSorted((a, b) => Math.abs(b.offPpm ?? 0) - Math.abs(a.offPpm ?? 0));
  const notWrong = ({ offPpm }: { readonly offPpm?: number }): boolean => offPpm === undefined;
  const worse = of('worse').filter(notWrong);
  const accepted = of('accepts').filter(notWrong);
  const tolerant = of('tolerant');
  const missing = of('missing');
  const fixed = of('as-reference');
  const other = of('other');
  const unclear = of('unclear');
  const apart = of('apart');
  const chance = of('chance');
  const controls = cells.filter(({ isControl, finding }) => isControl && finding !== 'apart');
  const every = apart.length > 0 ? 'every guest that can be compared' : 'every guest';
  const also: string[] = [];
  const result = (kind: Conclusion['kind'], because: string): Conclusion => ({
    kind,
    because,
    also,
    settle: [],
    isHostFault: false,
  });

  if (apart.length > 0) also.push(`Cannot be compared, for the reference is of another age: ${list(apart)}.`);
  if (chance.length > 0) also.push(`Chance decides where reads are disturbed at random: ${list(chance)}.`);
  if (unclear.length > 0) also.push(`No answer from ${guests(unclear.length)}: ${list(unclear)}.`);
  if (tolerant.length > 0)
    also.push(`More tolerant than the reference, and accurate there: ${list(tolerant)}.`);
  if (wrong.length > 0) {
    if (worse.length > 0) also.push(`It does worse than the base: ${list(worse)}.`);
    if (accepted.length > 0) also.push(acceptance(accepted));
    return result('regresses', `it registers the TSC with a wrong frequency: ${list(wrong)}`);
  }
  if (worse.length > 0) {
    if (fixed.length > 0)
      also.push(`It does as the reference in ${guests(fixed.length)} that differ from the base.`);
    if (accepted.length > 0) also.push(acceptance(accepted));
    return result('regresses', `it does worse than the base: ${list(worse)}`);
  }
  if (fixed.length + other.length === 0 && missing.length > 0 && unclear.length === 0) {
    if (accepted.length > 0) also.push(acceptance(accepted));
    return result('no-effect', `none of what the reference changes is changed: ${list(missing)}`);
  }
  if (accepted.length > 0) {
    if (fixed.length > 0)
      also.push(
        `It does as the reference in ${guests(fixed.length)}; that shows the cause, not a fix to ship.`,
      );
    if (missing.length + other.length > 0)
      also.push(`It differs from the reference: ${list([...missing, ...other])}.`);
    return result('regresses', `it registers a TSC that a correct kernel refuses: ${list(accepted)}`);
  }
  if (tolerant.length > 0 && missing.length + other.length === 0)
    return result('incomplete', `it is not the reference: it is more tolerant in ${guests(tolerant.length)}`);
  if (missing.length + other.length > 0) {
    return result(
      'incomplete',
      `it does as the reference in ${fixed.length} of ${fixed.length + missing.length + other.length} places that upstream changed, and not in ${list([...missing, ...other])}`,
    );
  }
  if (unclear.length > 0) {
    return {
      ...result('inconclusive', `there is no answer from ${guests(unclear.length)}`),
      settle: unclear.map(({ guest, why }) => `${guest}: ${why}`),
      isHostFault: unclear.some(({ isHostFault }) => isHostFault),
    };
  }
  if (fixed.length === 0) {
    const settle = ['Add a guest to the matrix in which the reference and the base differ.'];
    return { ...result('inconclusive', `base and reference do the same in ${every}`), settle };
  }
  if (controls.length === 0) also.push('No negative control was among the guests.');
  const what = controls.length > 0 ? ` and refuses the TSC in all ${controls.length} negative controls` : '';
  return result('equivalent', `it does as the reference in ${every}${what}`);
}

/** What was found stands; what was not seen supports nothing. */
export function concludeCutOff(found: Conclusion, { answered, guests: all, left }: CutOff): Conclusion {
  const what = `it was interrupted with ${answered} of ${guests(all)} answered; not done: ${left}`;
  if (found.kind === 'regresses' || found.kind === 'incomplete')
    return { ...found, also: [`Not all is known: ${what}.`, ...found.also] };
  return {
    ...found,
    kind: 'inconclusive',
    because: what,
    also: [...(answered === 0 ? [] : [`So far: ${found.kind}, ${found.because}.`]), ...found.also],
    settle: ['Resume it: the same command, with --resume and the run.'],
    isHostFault: false,
  };
}

function acceptance(accepted: readonly (Judged | JudgedMargin)[]): string {
  return `It registers a TSC that a correct kernel refuses: ${list(accepted)}.`;
}
