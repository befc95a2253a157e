/** What a validation is about: kernels in three roles, booted in the same guests, and what is said of their differences. */
import type { TestState, Verdict } from '../matrix/types.ts';

/** `base` is the tree without the backport, `backport` the same with it, `reference` the kernel that upstream's fix is in. */
export const ROLES = ['base', 'backport', 'reference'] as const;

/** What one kernel showed in one guest, over all its boots. */
export interface Side {
  readonly cell: string;
  /** Of each boot, in order. */
  readonly verdicts: readonly Verdict[];
  /** Null if the boots differ, or if there is no answer. */
  readonly verdict: Verdict | null;
  /** Why there is no answer: the host failed, the cell was skipped, the boots differ. Null if there is one. */
  readonly unclear: string | null;
  /** The host, and not the kernel, is why. */
  readonly isHostFault: boolean;
  readonly current: string | null;
  /** Of the boot that is farthest off; null if it is not known. */
  readonly ppm: number | null;
  readonly reads: number | null;
  /** The user's own tests, by name, as they ended in every boot. */
  readonly tests?: Readonly<Record<string, TestState>>;
  /** sha256 of the transcript of each boot; absent ones are left out. */
  readonly transcripts: readonly string[];
  /** Lines of the console that the first boot's verdict rests on. */
  readonly cited: readonly CitedLine[];
  readonly reason: string;
  /** Folders of the boots within the run. */
  readonly folders: readonly string[];
}

export interface CitedLine {
  /** 1-based; 0 for a line that should be there and is not. */
  readonly line: number;
  readonly text: string;
}

/** One guest under all three kernels. */
export interface Comparison {
  /** What the guest is called in the report. */
  readonly guest: string;
  /** A correct kernel must refuse the TSC in this guest. */
  readonly isControl: boolean;
  readonly base: Side;
  readonly backport: Side;
  readonly reference: Side;
}

/** How the backport stands in one guest, or with one margin. */
const FINDINGS = [
  /** All three agree. */
  'same',
  /** The reference differs from the base, and the backport does as the reference. */
  'as-reference',
  /** The reference differs from the base, and the backport does as the base. */
  'missing',
  /** It does neither as the base nor as the reference, and is not worse than the base. */
  'other',
  /** It is worse than the base, if the reference is not. */
  'worse',
  /** It registers a TSC that base and reference refuse: with a wrong frequency, or one that is not stable. */
  'accepts',
  /** It registers a TSC that base and reference could not measure, and its frequency is right. */
  'tolerant',
  /** Another commit than the backport's decides there, and the reference is so much newer that it has it. */
  'apart',
  /** Reads are disturbed at random there, and other draws do not confirm that the backport makes a difference. */
  'chance',
  /** One of the three gave no answer. */
  'unclear',
] as const;
export type Finding = (typeof FINDINGS)[number];

export interface Judged {
  readonly guest: string;
  readonly isControl: boolean;
  readonly finding: Finding;
  /** One sentence. */
  readonly why: string;
  /** How far off the frequency is that it registers, ppm, where that is wrong and neither of the others is as wrong. */
  readonly offPpm?: number;
  /** Of `unclear`: the host, and not the kernels, is why. */
  readonly isHostFault: boolean;
}

/** Verdict on a backport. */
const CONCLUSIONS = ['equivalent', 'incomplete', 'regresses', 'no-effect', 'inconclusive'] as const;
type ConclusionKind = (typeof CONCLUSIONS)[number];

export interface Conclusion {
  readonly kind: ConclusionKind;
  readonly because: string;
  /** More that a maintainer has to know; each a sentence. */
  readonly also: readonly string[];
  /** Of `inconclusive`: what would settle it. */
  readonly settle: readonly string[];
  /** Of `inconclusive`: the host, and not the kernels, is why. */
  readonly isHostFault: boolean;
}
