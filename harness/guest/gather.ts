/** What the files of one boot say, whatever its topology: at once after the boot, or again from a record. */
import { type BootTexts, type Gathered, gatherAll } from '../evidence/gather.ts';
import { readInside } from '../host/inside.ts';
import { isFelt, moduleBeside, workInThread } from '../host/worker.ts';
import { errnoOf } from '../host/write-faults.ts';
import { APPLIANCE_FILE, CONSOLE_FILE } from './boot-files.ts';
import { EXITS_FILE } from './launch/ref-delay.ts';
import type { Launch } from './types.ts';

export type { Gathered };

export interface GatherOptions {
  /** The record that the folder is part of, where somebody else may have made it: nothing outside is read. */
  readonly root?: string;
  readonly signal?: AbortSignal | undefined;
}

const NOTHING = new Uint8Array(0);

/**
 * Rejects with the file system's error where the console cannot be read, with UserError where it is no plain file of the
 * record or too large. A large console is read in a thread of its own; interrupted there, it counts as empty.
 */
export async function gatherFrom(
  folder: string,
  { nonce, nested, environment }: Launch,
  { root = folder, signal }: GatherOptions = {},
): Promise<Gathered> {
  const read = (name: string): Promise<Buffer> => readInside(root, `${folder}/${name}`);
  const texts: BootTexts = {
    nonce,
    console: await read(CONSOLE_FILE),
    appliance: nested === undefined ? null : await read(APPLIANCE_FILE),
    exits:
      nested !== undefined || environment === undefined ? null : await read(EXITS_FILE).catch(() => null),
  };
  if (!isFelt([texts.console, texts.appliance ?? NOTHING])) return gatherAll(texts);
  try {
    const module = moduleBeside(import.meta.url, 'gather-thread');
    return await workInThread(module, texts, {
      what: `reading ${folder}/${CONSOLE_FILE}`,
      signal,
      moved: [texts.console, texts.appliance ?? NOTHING],
    });
  } catch (error) {
    if (errnoOf(error) !== 'interrupted') throw error;
    return gatherAll({
      nonce,
      console: NOTHING,
      appliance: nested === undefined ? null : NOTHING,
      exits: null,
    });
  }
}
