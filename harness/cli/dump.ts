/** `tscmatrix dump`: what the memory of a guest says that died or hung. */
import { EXIT } from '../base/errors.ts';
import { block } from '../base/safe-text.ts';
import { findDump, readDump } from '../run/read-dump.ts';
import { openRun } from '../run/stored.ts';
import { say } from './say.ts';

export interface DumpFlags {
  readonly boot?: number;
  readonly vmlinux?: string;
  readonly results: string;
}

/** 0 if it was read; 69 if there is nothing here that reads it. */
export async function dumpCommand(run: string, cell: string, flags: DumpFlags): Promise<number> {
  const { boot = null, vmlinux = null, results } = flags;
  const place = await findDump(await openRun(results, run), cell, { boot, vmlinux });
  say(`the dump: ${place.command}`);
  process.stdout.write(`${block(await readDump(place))}\n`);
  return EXIT.ok;
}
