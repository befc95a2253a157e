/** One guest under three kernels: how the backport stands. Pure. */
import { difference, isRefused, isRegistered, worsening, wrongPpm } from './agree.ts';
import { type Comparison, type Finding, type Judged, ROLES, type Side } from './types.ts';

function shown({ verdict, current, ppm, tests = {} }: Side): string {
  const error = isRegistered(verdict) && ppm !== null ? `, ${ppm} ppm` : '';
  const odd = Object.entries(tests).flatMap(([name, state]) =>
    state === 'pass' ? [] : [`, ${name} ${state}`],
  );
  return `${verdict} (current ${current ?? 'not known'}${error}${odd.slice(0, 4).join('')})`;
}

/**
 * Compares with the base to see what the backport changes, and with the reference to see whether it should. What
 * upstream itself does worse than the base is upstream's decision, and not held against a backport that does the same. A TSC
 * that the others could not measure may be taken by one that measures it right; one that is not stable may not be taken.
 */
export function judgeComparison(trio: Comparison, tolerancePpm: number): Judged {
  const { guest, isControl, base, backport, reference } = trio;
  const off = wrongPpm(backport, [base, reference], tolerancePpm);
  const result = (finding: Finding, why: string): Judged => ({
    guest,
    isControl,
    finding,
    why,
    ...(off !== null && (finding === 'accepts' || finding === 'worse') ? { offPpm: off } : {}),
    isHostFault: ROLES.some((role) => trio[role].isHostFault),
  });
  const unclear = ROLES.filter((role) => trio[role].unclear !== null);
  if (unclear.length > 0)
    return result('unclear', unclear.map((role) => `${role}: ${trio[role].unclear}`).join('; '));
  const fromReference = difference(backport, reference, tolerancePpm);
  const fromBase = difference(backport, base, tolerancePpm);
  const isTarget = difference(reference, base, tolerancePpm) !== null;
  if (fromReference === null) {
    if (!isTarget || fromBase === null) return result('same', `all three ${shown(base)}`);
    return result('as-reference', `${shown(reference)}, but the base is ${shown(base)}`);
  }
  if (isRegistered(backport.verdict) && isRefused(base.verdict) && isRefused(reference.verdict)) {
    const refusal = `a TSC that base (${base.verdict}) and reference (${reference.verdict}) refuse`;
    const isUnmeasured = base.verdict === 'never' && reference.verdict === 'never';
    if (off !== null)
      return result('accepts', `its frequency is ${off} ppm off: ${shown(backport)}, ${refusal}`);
    return isUnmeasured && backport.ppm !== null
      ? result('tolerant', `${shown(backport)}, and accurate: ${refusal}`)
      : result('accepts', `${shown(backport)}, ${refusal}`);
  }
  const worse = worsening(backport, base, tolerancePpm);
  if (worse !== null && worsening(backport, reference, tolerancePpm) !== null) {
    return result('worse', `${worse}; the reference is ${shown(reference)}`);
  }
  if (off !== null)
    return result(
      'worse',
      `the frequency is ${off} ppm off; the reference is ${shown(reference)}, the base ${shown(base)}`,
    );
  if (fromBase === null)
    return result('missing', `still ${shown(base)}, but the reference is ${shown(reference)}`);
  return result('other', `${shown(backport)}: the reference is ${shown(reference)}, the base ${shown(base)}`);
}
