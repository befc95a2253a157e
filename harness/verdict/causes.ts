/** The causes, a row each, and which of them it is. Documented in docs/causes.md, in any order. */
import type { Registration } from '../matrix/types.ts';
import { CHOICE } from './causes/choice.ts';
import { NEVER } from './causes/never.ts';
import { REFINEMENT } from './causes/refinement.ts';
import { GROUNDS } from './causes/row.ts';
import { UNSTABLE } from './causes/unstable.ts';
import { WATCHDOG } from './causes/watchdog.ts';
import type { Context } from './context.ts';
import { type Deduction, found, strength } from './deduction.ts';

/** If two claims are as good, the row that stands first is said. */
export const CAUSE_ROWS = [...NEVER, ...REFINEMENT, ...UNSTABLE, ...WATCHDOG, ...CHOICE] as const;

/** Why tsc was not registered, did not stay, or was not selected. */
export type Cause = (typeof CAUSE_ROWS)[number]['name'];
export const CAUSES: readonly Cause[] = CAUSE_ROWS.map((row) => row.name);

export function causeOf(c: Context, registration: Registration): Deduction<Cause> {
  const nothing = found<Cause>('undetermined', 'none', [], '');
  if (registration !== 'undetermined') return bestClaim(c, registration) ?? nothing;
  // How it was registered is open, yet that it is current, or why it is not, may be plain.
  const known = c.listed === true ? bestClaim(c, registration) : null;
  return known !== null && (known.value !== 'none' || c.current === 'tsc') ? known : nothing;
}

function bestClaim(c: Context, registration: Registration): Deduction<Cause> | null {
  const end = registration === 'unstable' || registration === 'never' ? registration : 'registered';
  for (const ground of GROUNDS) {
    const claims = CAUSE_ROWS.flatMap((row) =>
      row.rules
        .filter((rule) => rule.end === end && rule.ground === ground)
        .flatMap((rule) => rule.find(c, registration) || [])
        .map((claim): Deduction<Cause> => ({ ...claim, value: row.name })),
    );
    const [best] = claims.toSorted((a, b) => strength(b.confidence) - strength(a.confidence));
    if (best !== undefined) return best;
  }
  return null;
}

export function adviceOn(cause: Cause, c: Context): readonly string[] {
  const advice = CAUSE_ROWS.find((row) => row.name === cause)?.advice ?? [];
  return typeof advice === 'function' ? advice(c) : advice;
}
