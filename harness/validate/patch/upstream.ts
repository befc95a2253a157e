/** The upstream commits that patches are compared with, wherever their text comes from. */
import type { Changes } from './lines.ts';

/** How sure the text of a commit is. `partial`: see images/kernels/upstream/index.yaml. */
export interface UpstreamCommit {
  readonly id: string;
  readonly title: string;
  readonly release: string | null;
  readonly changes: Changes;
  /** Null if the text at hand cannot give it. */
  readonly patchId: string | null;
  readonly partial: boolean;
  /** Of the commits known here: why somebody who backports wants to know. */
  readonly why: string | null;
  /** Commits without which this one does nothing, or does not compile. */
  readonly needs: readonly string[];
  /** Commits that mend or change what this one did. */
  readonly followedBy: readonly string[];
}

/** Commits are named by twelve digits or more. */
export function sameCommit(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
