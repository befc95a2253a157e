/** Temporary folders in the cache: whose they are, and the removal of those whose owner was killed. */
import { readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** <pid>-<start time>-<pid namespace>-... */
const OWNED = /^(\d+)-(\d+)-(\d+)-/;
/** Processes of another container cannot be looked up; what they left is certainly dead after a day. */
const FOREIGN_AGE_MS = 24 * 3600 * 1000;

/** This process, told apart from every other that had or will have its number. */
export async function temporaryOwner(): Promise<string> {
  return `${process.pid}-${await startTime(process.pid)}-${await pidNamespace()}`;
}

/** Removes temporary folders of processes that are gone. */
export async function removeLeftovers(folder: string): Promise<void> {
  const namespace = await pidNamespace();
  for (const name of await readdir(folder)) {
    const owned = OWNED.exec(name);
    if (owned === null) continue;
    const [, pid, start, where] = owned;
    const path = join(folder, name);
    const dead = where === namespace ? (await startTime(Number(pid))) !== start : await isOld(path);
    if (dead) await rm(path, { recursive: true, force: true });
  }
}

/** Ticks from the host's boot to the start of a process: field 22 of /proc/PID/stat, see proc(5). */
async function startTime(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the program's name in brackets and may hold blanks and brackets itself.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie (third field) has ended already.
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

async function pidNamespace(): Promise<string> {
  return (await readlink('/proc/self/ns/pid')).replace(/\D/g, '');
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > FOREIGN_AGE_MS;
}
