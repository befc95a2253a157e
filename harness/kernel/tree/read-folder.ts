/** Reads single files of a tree that is unpacked. */
import { readBelow } from '../../host/inside.ts';
import type { TreeReader } from './types.ts';

export function readFolder(tree: string): TreeReader {
  return async (paths) => {
    const files = new Map<string, string | null>();
    for (const path of paths) {
      files.set(
        path,
        await readBelow(tree, path).then(String, (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
          throw error;
        }),
      );
    }
    return files;
  };
}
