/** What a kernel is built from: an identity that is cheap to find out, and a tree that is unpacked when it is needed. */
import type { TreeSource } from '../../matrix/types.ts';
import type { InputFile } from '../make/input-file.ts';
import type { AcquireOptions, GitOrigin } from '../types.ts';
import { archiveSource } from './source-archive.ts';
import { debianSource } from './source-debian.ts';
import { directorySource } from './source-directory.ts';
import { gitSource } from './source-git.ts';

export interface Source {
  /** Decides the tree's content: sha256 in hex. */
  readonly digest: string;
  /** For people. */
  readonly label: string;
  /** Of a source in git: where it was taken from, and the full commit. */
  readonly git?: GitOrigin;
  /** Fills an empty folder; the kernel's tree is this folder, or the only one in it. */
  readonly unpack: (into: string) => Promise<void>;
  /** A commit as a patch, for sources that have commits. */
  readonly commitPatch?: (commit: string) => Promise<InputFile>;
}

/** Finds out what a source is today. Throws UserError where it is not there, or is not what the matrix says. */
export function findSource(tree: TreeSource, options: AcquireOptions): Promise<Source> {
  switch (tree.kind) {
    case 'debian':
      return debianSource(tree, options);
    case 'tarball':
    case 'srpm':
      return archiveSource(tree, options);
    case 'git':
      return gitSource(tree.location, tree.ref, options);
    case 'directory':
      return directorySource(tree.path, options);
  }
}
