/** `tscmatrix confirm`: what got worse between two runs, booted again before it is called a regression. */
import { HostFault, UserError } from '../base/errors.ts';
import { oneLine } from '../base/safe-text.ts';
import { isWorse } from '../compare/compare.ts';
import type { ComparedRun } from '../compare/places.ts';
import type { Confirmation, RunComparison } from '../compare/types.ts';
import { removeStaleScratch } from '../host/scratch.ts';
import { confirmCell } from '../run/confirm.ts';
import { type CompareFlags, compareCommand } from './compare.ts';
import { qemuProgram } from './options.ts';
import { say } from './say.ts';

export interface ConfirmFlags extends CompareFlags {
  /** Of each kernel, in real time. */
  readonly boots: number;
  readonly qemu: string;
}

/** As compare: it adds what the boots came to. */
export async function confirmCommand(names: readonly string[], flags: ConfirmFlags): Promise<number> {
  return compareCommand(names, flags, async (before, after, comparison) => ({
    confirmations: await confirmAll(before, after, comparison, flags),
  }));
}

/** Cells beyond these are a night's work: run them again. */
const MOST_CELLS = 20;

async function confirmAll(
  before: ComparedRun,
  after: ComparedRun,
  { cells }: RunComparison,
  { boots, qemu }: ConfirmFlags,
): Promise<Confirmation[]> {
  await removeStaleScratch();
  const worse = cells.filter((one) => isWorse(one) && (one.after?.boots.length ?? 0) > 0);
  const options = {
    boots,
    qemu: qemuProgram(qemu),
    onProgress: (text: string) => say(oneLine(text)),
  };
  const done: Confirmation[] = [];
  for (const { id } of worse.slice(0, MOST_CELLS)) {
    done.push(
      await confirmCell(before, after, id, options).catch((error: unknown): Confirmation => {
        if (!(error instanceof HostFault || error instanceof UserError)) throw error;
        return { cell: id, kind: 'unavailable', why: error.message };
      }),
    );
  }
  const left = worse.length - done.length;
  if (left > 0) say(`${left} more cells are worse and were not booted again: at most ${MOST_CELLS} are`);
  return done;
}
