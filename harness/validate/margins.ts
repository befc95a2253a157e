/** The margin of each kernel, compared as the guests are. Pure. */
import { type Finding, type Judged, ROLES } from './types.ts';

/** The delay per read of the reference counter up to which a kernel registers tsc, ns. */
export interface MarginValue {
  /** Null if it does not register even without a delay. */
  readonly upToNs: number | null;
  /** Null if it registers at every delay that was tried. */
  readonly stopsAtNs: number | null;
  /** The largest delay that was tried, ns. */
  readonly triedNs: number;
  readonly boots: number;
  /** A boot within the search gave no answer. */
  readonly isUnclear: boolean;
}

export interface MarginComparison {
  readonly guest: string;
  readonly stepNs: number;
  readonly base: MarginValue;
  readonly backport: MarginValue;
  readonly reference: MarginValue;
}

export type JudgedMargin = Omit<Judged, 'isControl'>;

const US = 1000;

/** For people: "12.2 us", "more than 5000 us", "none". */
export function marginText({ upToNs, stopsAtNs, triedNs, isUnclear }: MarginValue): string {
  if (isUnclear) return 'no answer';
  if (upToNs === null) return 'none: not registered without a delay';
  return stopsAtNs === null ? `more than ${triedNs / US} us` : `${upToNs / US} us`;
}

/** For comparison: an end that was never found is beyond all others. */
function reach({ upToNs, stopsAtNs }: MarginValue): number {
  if (upToNs === null) return -1;
  return stopsAtNs === null ? Number.POSITIVE_INFINITY : upToNs;
}

function same(a: MarginValue, b: MarginValue, stepNs: number): boolean {
  return reach(a) === reach(b) || Math.abs(reach(a) - reach(b)) <= stepNs;
}

export function judgeMargin(trio: MarginComparison): JudgedMargin {
  const { guest, stepNs, base, backport, reference } = trio;
  const result = (finding: Finding, why: string): JudgedMargin => ({
    guest,
    finding,
    why,
    isHostFault: false,
  });
  const [mine, old, wanted] = [backport, base, reference].map(marginText);
  if (ROLES.some((role) => trio[role].isUnclear))
    return result('unclear', `base ${old}; backport ${mine}; reference ${wanted}`);
  if (same(backport, reference, stepNs)) {
    return same(base, reference, stepNs)
      ? result('same', `all three ${old}`)
      : result('as-reference', `${wanted}, but the base has ${old}`);
  }
  if (same(backport, base, stepNs)) return result('missing', `still ${old}, but the reference has ${wanted}`);
  const isLess = reach(backport) < reach(base) && reach(backport) < reach(reference);
  return isLess
    ? result('worse', `fell to ${mine} from ${old}; the reference has ${wanted}`)
    : result('other', `${mine}: the reference has ${wanted}, the base ${old}`);
}
