/** What can be said of a patch before anything is built or booted. JSON of a report is the object itself. */
import type { HunkState } from '../../kernel/patch/try-patch.ts';

/** Of a patch or a whole series. `already-there`: the tree has all of it. */
export type Applies = 'exactly' | 'shifted' | 'with-fuzz' | 'no' | 'already-there';

export interface HunkReport {
  /** Path in the tree. */
  readonly file: string;
  /** Counted from 1 in its file. */
  readonly number: number;
  /** The function, or the object at file level, that its first change is in; null if that cannot be seen. */
  readonly function: string | null;
  /** Null if no tree was given. */
  readonly state: HunkState | null;
  /** The line of the tree where it applies, was tried, or is found, from 1; 0 for no line, null without a tree. */
  readonly line: number | null;
  /** Lines of context that differ. */
  readonly fuzz: number;
  /** Lines further down (or up, negative) than the patch says. */
  readonly offset: number;
  /** Of one that fails: what the patch expects and what the tree has. */
  readonly sides: string | null;
}

export interface OnePatch {
  /** Name of the file; with "(2 of 3)" if it holds several mails. */
  readonly name: string;
  /** The mail's subject without "[PATCH ...]"; null if the file has none. */
  readonly subject: string | null;
  /** git patch-id --stable. */
  readonly patchId: string | null;
  /** Null if no tree was given. */
  readonly applies: Applies | null;
  readonly hunks: readonly HunkReport[];
}

/** How much of an upstream hunk is in the patch. `only-order`: it changes nothing but order, white space or comments. */
type UpstreamHunkState = 'same' | 'partly' | 'missing' | 'only-order';

export interface UpstreamHunk {
  readonly file: string;
  readonly number: number;
  readonly function: string | null;
  readonly state: UpstreamHunkState;
  /** Changed lines of it that the patch changes in the same way, of those that count. */
  readonly found: number;
  readonly of: number;
  /** Lines that the patch does not have, with their '-' or '+'. */
  readonly missing: readonly string[];
}

/** A hunk of the patch with lines that the upstream commit does not have. */
export interface ExtraHunk {
  readonly patch: string;
  readonly file: string;
  readonly number: number;
  readonly function: string | null;
  readonly lines: readonly string[];
}

export interface Likeness {
  /** Twelve digits of the commit at least. */
  readonly id: string;
  readonly title: string;
  /** The first release with it; null if it is not known. */
  readonly release: string | null;
  readonly how: 'patch-id' | 'hunks';
  /** The patch takes the commit out. */
  readonly reverse: boolean;
  /** All that counts of the commit is in the patch. */
  readonly complete: boolean;
  /** The text compared with holds only what is certain of the commit: more of it may be missing. */
  readonly partial: boolean;
  /** How much of the commit the tree has before the patch; null without a tree. */
  readonly inTree: Presence | null;
  readonly hunks: readonly UpstreamHunk[];
  readonly extra: readonly ExtraHunk[];
}

/** How many of the lines that a commit leaves behind a tree has, of those that count. */
export interface Presence {
  readonly found: number;
  readonly of: number;
}

export type Relation = 'prerequisite' | 'follow-up' | 'same-lines' | 'same-function';

export interface RelatedCommit {
  readonly id: string;
  readonly title: string;
  readonly release: string | null;
  readonly relation: Relation;
  /** Files and functions that both change. */
  readonly places: readonly string[];
  /** In the tree before the patch; null without a tree. */
  readonly inTree: Presence | null;
  /** Why somebody who backports wants to know. */
  readonly why: string;
}

export type RemarkCode =
  | 'another-tree'
  | 'already-there'
  | 'partly-there'
  | 'unrelated'
  | 'no-code'
  | 'flag-not-looked-at'
  | 'flag-unknown'
  | 'no-shortcut'
  | 'registers-on-flag'
  | 'limit-raised'
  | 'watchdog-off'
  | 'takes-out';

/** A line of the patched tree. */
export interface Fact {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

export interface Remark {
  readonly code: RemarkCode;
  readonly text: string;
  /** Lines of the tree with the patch that it rests on; empty if it is about the patch alone. */
  readonly facts: readonly Fact[];
}

export interface PatchReport {
  /** For people: the tree that the patch was tried on; null if none was given. */
  readonly tree: string | null;
  /** Null if no tree was given. */
  readonly applies: Applies | null;
  readonly patches: readonly OnePatch[];
  /** Most alike first. */
  readonly alike: readonly Likeness[];
  readonly related: readonly RelatedCommit[];
  readonly remarks: readonly Remark[];
  /** Where the upstream commits were read from. */
  readonly upstream: string;
}
