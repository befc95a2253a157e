/** A new folder for what a job leaves, named after the time and what it is about. */
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Within `parent`, which is made; never one that is there already. `what` may be any text. */
export async function newJobFolder(parent: string, what: string, at: Date): Promise<string> {
  const stamp = at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const name = `${stamp}-${what.replaceAll(/[^\w.-]/g, '_').slice(0, 40)}`;
  await mkdir(parent, { recursive: true });
  for (let count = 1; ; count++) {
    const folder = join(parent, count === 1 ? name : `${name}-${count}`);
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** As it is told to people: from the current folder if it is within it. */
export function shownPath(folder: string): string {
  const path = relative(process.cwd(), folder);
  return path.startsWith('..') ? folder : path;
}
