/** What a kernel is built from: an identity that is cheap to find out, and a tree that is unpacked when it is needed. */
import type { TreeSource } from '../../matrix/types.ts';
import type { AcquireOptions } from '../types.ts';
import { archiveSource } from './source-archive.ts';
import { debianSource } from './source-debian.ts';
import { directorySource } from './source-directory.ts';
import { gitSource } from './source-git.ts';
import type { Source } from './types.ts';

/** Finds out what a source is today. Throws UserError if it is not there, or is not what the matrix says. */
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
