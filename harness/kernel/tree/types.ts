/** The source of a kernel that is built, as a value. */
import type { InputFile } from '../make/input-file.ts';
import type { GitOrigin } from '../types.ts';

/** Contents by path; null for a file that the tree does not have. */
export type TreeReader = (paths: readonly string[]) => Promise<ReadonlyMap<string, string | null>>;

export interface Source {
  /** Decides the tree's content: sha256 in hex. */
  readonly digest: string;
  /** For people. */
  readonly label: string;
  /** Of a source in git: where it was taken from, and the full commit. */
  readonly git?: GitOrigin;
  /** Fills an empty folder; the kernel's tree is this folder, or the only one in it. */
  readonly unpack: (into: string) => Promise<void>;
  /** Reads single files where that needs no unpacking. */
  readonly read?: TreeReader;
  readonly commitPatch?: (commit: string) => Promise<InputFile>;
}
