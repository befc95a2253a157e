/** What the files of one boot say, whatever its topology: at once after the boot, or again from a record. */
import { type BootTexts, type Gathered, gatherAll } from '../evidence/gather.ts';
import { readInside } from '../host/inside.ts';
import { isFelt, moduleBeside, workInThread } from '../host/worker.ts';
import { APPLIANCE_FILE, CONSOLE_FILE } from './boot-files.ts';
import { EXITS_FILE } from './launch/ref-delay.ts';
import type { Launch } from './types.ts';

export type { Gathered };

interface GatherOptions {
  /** The record that the folder is part of, if somebody else may have made it: nothing outside is read. */
  readonly root?: string;
}

const NOTHING = new Uint8Array(0);

/**
 * Rejects with the file system's error if the console cannot be read, with UserError if it is no plain file of the
 * record or too large. A large console is read in a thread of its own.
 */
export async function gatherFrom(
  folder: string,
  { nonce, nested, environment, tests }: Launch,
  { root = folder }: GatherOptions = {},
): Promise<Gathered> {
  const read = (name: string): Promise<Buffer> => readInside(root, `${folder}/${name}`);
  const texts: BootTexts = {
    nonce,
    console: await read(CONSOLE_FILE),
    appliance: nested === undefined ? null : await read(APPLIANCE_FILE),
    exits:
      nested !== undefined || environment === undefined ? null : await read(EXITS_FILE).catch(() => null),
    ...(tests === undefined ? {} : { key: tests.key }),
  };
  const gathered = await gatherTexts(texts, folder);
  const { tests: runs } = gathered.evidence.report;
  if (runs === undefined) return gathered;
  const { reportsOf } = await import('../evidence/test-results.ts');
  return { ...gathered, evidence: { ...gathered.evidence, tests: reportsOf(runs) } };
}

async function gatherTexts(texts: BootTexts, folder: string): Promise<Gathered> {
  if (!isFelt([texts.console, texts.appliance ?? NOTHING])) return gatherAll(texts);
  return workInThread(moduleBeside(import.meta.url, 'gather-thread'), texts, {
    what: `reading ${folder}/${CONSOLE_FILE}`,
    moved: texts.appliance === null ? [texts.console] : [texts.console, texts.appliance],
  });
}
