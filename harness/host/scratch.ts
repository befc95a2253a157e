/** Scratch folders that are gone when we end. The only file that imports tmp-promise. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostFault } from '../base/errors.ts';

const NAME = /^tscmatrix-(\d+)-/;

export interface Scratch {
  readonly path: string;
  remove(): Promise<void>;
}

/** It looks for the folder of temporary files when it is loaded, which may not be there. */
async function loadTmp(): Promise<typeof import('tmp-promise')> {
  const { default: tmp } = await import('tmp-promise');
  tmp.setGracefulCleanup();
  return tmp;
}

/** Makes a private folder; it is removed by `remove`, at the latest when this process ends. */
export async function makeScratch(): Promise<Scratch> {
  const options = { template: `tscmatrix-${process.pid}-XXXXXX`, unsafeCleanup: true, mode: 0o700 };
  const made = await loadTmp()
    .then((tmp) => tmp.dir(options))
    .catch((error: unknown) => {
      throw noScratch(error);
    });
  return { path: made.path, remove: () => rm(made.path, { recursive: true, force: true }) };
}

/**
 * Removes what processes that were killed with -9 could not: folders named after a process that is gone. Those of other
 * users are theirs; one that cannot be removed stays, and is told on stderr.
 */
export async function removeStaleScratch(): Promise<string[]> {
  const removed: string[] = [];
  const names = await readdir(tmpdir()).catch((error: unknown) => {
    throw noScratch(error);
  });
  for (const name of names) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(tmpdir(), name);
    const found = await lstat(path).catch(() => null);
    if (found === null || found.uid !== process.getuid?.()) continue;
    const error = await rm(path, { recursive: true, force: true }).then(() => null, reasonOf);
    if (error === null) removed.push(path);
    else tellLeft(path, error);
  }
  return removed;
}

const reasonOf = (error: NodeJS.ErrnoException): string => error.message;
const told = new Set<string>();

/** Somebody else's mount in it, or a read-only one: no reason not to do what was asked, and nothing to be silent about. */
function tellLeft(path: string, reason: string): void {
  if (told.has(path)) return;
  told.add(path);
  process.stderr.write(
    `tscmatrix: ${path}, left by a process that was killed, cannot be removed: ${reason}\n`,
  );
}

function noScratch(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  return new HostFault(
    'no-temp',
    `no temporary files can be made in ${tmpdir()}: ${error.message}`,
    'set TMPDIR to a folder that you may write to',
    { cause: error },
  );
}

/** Whether a process with this id exists, also if it belongs to somebody else. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
