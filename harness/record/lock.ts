/** Says which process writes a run's folder, so that no other does and a reader knows whether it still goes on. */
import { readFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { readInside, readJsonInside } from '../host/inside.ts';
import { withLock } from '../host/lock.ts';
import { isAlive } from '../host/scratch.ts';

export const LOCK_FILE = 'lock';
const LOCK_BYTES_MAX = 4096;

interface LockOwner {
  readonly pid: number;
  /** Start of the process in clock ticks after boot: tells it from a later one with the same pid. */
  readonly startTicks: string | null;
  readonly host: string;
}

/** Field 22 of /proc/PID/stat, counted after the name, which may hold blanks and parentheses (proc(5)). */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** Takes the folder for this process. Fails with EEXIST if it is taken. */
export async function takeLock(dir: string): Promise<void> {
  const owner: LockOwner = { pid: process.pid, startTicks: startTicksOf(process.pid), host: hostname() };
  const file = await open(join(dir, LOCK_FILE), 'wx', 0o644);
  try {
    await file.writeFile(`${JSON.stringify(owner)}\n`);
  } finally {
    await file.close();
  }
}

export async function dropLock(dir: string): Promise<void> {
  await rm(join(dir, LOCK_FILE), { force: true });
}

/** Whether the process that took the folder still lives. A lock of another host counts as living: we cannot tell. */
export async function isLocked(dir: string): Promise<boolean> {
  let owner: Partial<LockOwner>;
  try {
    owner = (await readJsonInside(dir, LOCK_FILE, LOCK_BYTES_MAX)) as Partial<LockOwner>;
  } catch {
    return false;
  }
  if (owner === null) return false;
  if (typeof owner.pid !== 'number') return false;
  if (owner.host !== hostname()) return true;
  return isAlive(owner.pid) && (owner.startTicks ?? null) === startTicksOf(owner.pid);
}

/**
 * Takes the folder of a run that has ended, with or without giving it free. Of two who try, one gets it. Throws
 * UserError if a living process holds it.
 */
export async function takeOver(dir: string): Promise<void> {
  // Between the look at a stale lock and its replacement nobody else may do the same.
  await withLock(dir, 'take-over', { purpose: 'resuming a run' }, async () => {
    if (await isLocked(dir)) {
      const holder = (await readInside(dir, LOCK_FILE, LOCK_BYTES_MAX)).toString('utf8').trim();
      throw new UserError(
        `the run in ${dir} is being written by another process: ${holder}`,
        `wait for it; if that is another host that is gone for good, remove ${join(dir, LOCK_FILE)}`,
      );
    }
    await rm(join(dir, LOCK_FILE), { force: true });
    await takeLock(dir);
  });
}
