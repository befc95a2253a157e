/**
 * Where reads are disturbed at random, which of them are longer depends on how many a kernel made before: any change of it, of
 * no effect on the TSC at all, meets other reads. So one boot there shows what chance did as well as what the backport did.
 * What would decide a verdict is therefore booted with other seeds, and stands only if all that tell the two kernels
 * apart say the same. Pure.
 */
import type { Disturbance, GuestSpec } from '../matrix/types.ts';
import type { Cell } from '../plan/types.ts';
import { type Served, worsening } from './agree.ts';
import type { Comparison, Judged } from './types.ts';

/** So many draws that decide, all the same way: of two kernels that do the same, 1 pair in 16 would get there. */
const DECISIVE = 5;
const DRAWS_MAX = 12;

type RandomGuest = GuestSpec & {
  readonly refDelay: { readonly disturbance: Disturbance & { readonly kind: 'random' } };
};
export type RandomCell = Cell & { readonly guest: RandomGuest };

/** How base and backport stand to each other over the draws so far, the first one included. */
export interface Draws {
  readonly worse: number;
  readonly better: number;
  readonly alike: number;
  /** A draw got no answer: why. */
  readonly fault: string | null;
}

export const NO_DRAWS: Draws = { worse: 0, better: 0, alike: 0, fault: null };

/** Only of counted instructions: in real time each boot is another draw anyway (--repeat). */
function isDrawn(cell: Cell): cell is RandomCell {
  return cell.guest.clock === 'deterministic' && cell.guest.refDelay.disturbance?.kind === 'random';
}

export function withSeed(guest: RandomGuest, nth: number): GuestSpec {
  const { disturbance } = guest.refDelay;
  return {
    ...guest,
    refDelay: { ...guest.refDelay, disturbance: { ...disturbance, seed: disturbance.seed + nth } },
  };
}

export function addDraw(draws: Draws, backport: Served, base: Served, tolerancePpm: number): Draws {
  if (worsening(backport, base, tolerancePpm) !== null) return { ...draws, worse: draws.worse + 1 };
  if (worsening(base, backport, tolerancePpm) !== null) return { ...draws, better: draws.better + 1 };
  return { ...draws, alike: draws.alike + 1 };
}

/** `more`: another draw is wanted. */
export function stateOfDraws({ worse, better, alike, fault }: Draws): 'more' | 'stands' | 'chance' {
  if (worse > 0 && better > 0) return 'chance';
  if (worse + better >= DECISIVE) return 'stands';
  return fault !== null || worse + better + alike >= DRAWS_MAX ? 'chance' : 'more';
}

/**
 * The guests to draw again: where the backport seems worse, and where chance alone may have made it seem to have an effect.
 * `cells` are those of the base, by guest.
 */
export function guestsToDraw(
  judged: readonly { readonly trio: Comparison; readonly judged: Judged }[],
  cells: ReadonlyMap<string, Cell>,
): { readonly trio: Comparison; readonly cell: RandomCell }[] {
  const isEffect = ({ finding }: Judged) => finding === 'as-reference' || finding === 'other';
  const drawn = judged.flatMap(({ trio, judged: one }) => {
    const cell = cells.get(trio.guest);
    return cell !== undefined && isDrawn(cell) ? [{ trio, cell, one }] : [];
  });
  const isDrawnOne = (one: Judged) => drawn.some((other) => other.one === one);
  // Nothing depends on chance then.
  if (judged.some(({ judged: one }) => one.finding === 'worse' && !isDrawnOne(one))) return [];
  const isEffectSure =
    !judged.some(({ judged: { finding } }) => finding === 'missing') ||
    judged.some(({ judged: one }) => isEffect(one) && !isDrawnOne(one));
  return drawn.filter(({ one }) => one.finding === 'worse' || (isEffect(one) && !isEffectSure));
}

export function weighDraws(judged: Judged, draws: Draws | undefined): Judged {
  if (draws === undefined) return judged;
  const { worse, better, alike, fault } = draws;
  const told = `of ${worse + better + alike} seeds of the disturbance ${worse} are worse than with the base, ${better} better`;
  if (stateOfDraws(draws) === 'stands') return { ...judged, why: `${judged.why}; ${told}` };
  if (fault !== null)
    return { ...judged, finding: 'unclear', why: `${told}; then ${fault}`, isHostFault: true };
  const { offPpm: _, ...rest } = judged;
  return { ...rest, finding: 'chance', why: `${told}: ${judged.why}` };
}
