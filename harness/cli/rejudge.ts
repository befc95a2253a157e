/** `tscmatrix rejudge`: what is said today of consoles that were recorded then. */
import { EXIT } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { rejudgedText } from '../run/again-text.ts';
import { rejudge } from '../run/rejudge.ts';
import { openRun } from '../run/stored.ts';
import { say } from './say.ts';

export interface RejudgeFlags {
  readonly results: string;
  readonly json?: boolean;
}

/** 0 if every cell is as expected now, 1 if not; cells that never ran are lost (69). */
export async function rejudgeCommand(run: string, flags: RejudgeFlags): Promise<number> {
  const record = await openRun(flags.results, run);
  const all = await rejudge(record);
  const changed = all.filter((cell) => cell.changed).length;
  if (flags.json === true) {
    process.stdout.write(`${json({ run: record.run, changed, cells: all })}\n`);
  } else {
    for (const cell of all) process.stdout.write(rejudgedText(cell));
    say(`${all.length} cells judged again, ${changed} changed`);
  }
  const has = (...outcomes: string[]): boolean => all.some(({ now }) => outcomes.includes(now.outcome));
  if (has('unexpected', 'flaky')) return EXIT.unexpected;
  return has('infra-error') ? EXIT.hostFault : EXIT.ok;
}
