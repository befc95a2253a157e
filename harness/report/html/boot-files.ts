/** The files of one boot in a run's folder (docs/record.md), as far as a page shows them. */
import { readdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { CONSOLE_FILE } from '../../guest/boot-files.ts';
import { readInside } from '../../host/inside.ts';
import { errnoOf } from '../../host/write-faults.ts';
import { type MeasuredCosts, readCosts } from './evidence-file.ts';

const EVIDENCE_FILE = 'evidence.json';

interface LogFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}
export interface BootFiles {
  /** The guest's console first; of the others only those that hold anything. */
  readonly logs: readonly LogFile[];
  /** Texts of the command files, for example command.sh. */
  readonly commands: readonly { readonly name: string; readonly text: string }[];
  readonly costs: MeasuredCosts | null;
  /** One sentence for each thing that could not be read. */
  readonly problems: readonly string[];
}

/** Reads runDir/folder. A record may come from anywhere, so a folder or link that leads out of the run is not followed. */
export async function readBootFiles(runDir: string, folder: string): Promise<BootFiles> {
  const problems: string[] = [];
  const root = await realpath(runDir);
  const path = join(root, folder);
  const read = async (name: string): Promise<Buffer | null> => {
    try {
      return await readInside(root, join(path, name));
    } catch (error) {
      problems.push(`${folder}/${name} cannot be read: ${errnoOf(error) || (error as Error).message}`);
      return null;
    }
  };
  const names = (await inside(root, path)) ? await readdir(path).catch(() => []) : [];
  if (!names.includes(CONSOLE_FILE)) problems.push(`${folder} holds no ${CONSOLE_FILE}`);
  const logs: LogFile[] = [];
  for (const name of names.filter((one) => one.endsWith('.log')).sort(consoleFirst)) {
    const bytes = await read(name);
    if (bytes !== null && (bytes.length > 0 || name === CONSOLE_FILE)) logs.push({ name, bytes });
  }
  const commands: { name: string; text: string }[] = [];
  for (const name of names.filter((one) => /^command.*\.sh$/.test(one)).sort()) {
    const bytes = await read(name);
    if (bytes !== null) commands.push({ name, text: bytes.toString('utf8') });
  }
  const evidence = names.includes(EVIDENCE_FILE) ? await read(EVIDENCE_FILE) : null;
  const costs = evidence === null ? null : readCosts(evidence.toString('utf8'));
  if (typeof costs === 'string') problems.push(`${folder}/${EVIDENCE_FILE}: ${costs}`);
  return { logs, commands, costs: typeof costs === 'string' ? null : costs, problems };
}

function consoleFirst(a: string, b: string): number {
  return Number(b === CONSOLE_FILE) - Number(a === CONSOLE_FILE) || a.localeCompare(b, 'en');
}

async function inside(root: string, path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => null);
  return real?.startsWith(root + sep) === true;
}
