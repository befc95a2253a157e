/** Scratch folders that are gone when we end. The only file that imports tmp-promise. */
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tmp from 'tmp-promise';

tmp.setGracefulCleanup();

const NAME = /^tscmatrix-(\d+)-/;

export interface Scratch {
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes a private folder; it is removed by `remove`, at the latest when this process ends. */
export async function makeScratch(): Promise<Scratch> {
  const made = await tmp.dir({
    template: `tscmatrix-${process.pid}-XXXXXX`,
    unsafeCleanup: true,
    mode: 0o700,
  });
  return { path: made.path, remove: () => rm(made.path, { recursive: true, force: true }) };
}

/** Removes what processes that were killed with -9 could not: folders named after a process that is gone. */
export async function removeStaleScratch(): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(tmpdir())) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(tmpdir(), name);
    await rm(path, { recursive: true, force: true });
    removed.push(path);
  }
  return removed;
}

/** Whether a process with this id exists, also where it belongs to somebody else. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
