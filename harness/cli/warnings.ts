/** What is worth a word in a matrix, on stderr. */

import { block } from '../base/safe-text.ts';
import { emulatorOf } from '../matrix/accelerators.ts';
import { formatProblem } from '../matrix/problems.ts';
import type { Cell, Plan } from '../plan/types.ts';
import { SYSTEM_QEMU } from './options.ts';

export function warnAbout(plan: Plan): void {
  for (const warning of plan.warnings ?? [])
    process.stderr.write(`tscmatrix: warning: ${block(formatProblem(warning))}\n`);
}

/** Whether --qemu is what runs the cell, or may be: host KVM is not known yet. */
function usesOwnQemu({ guest }: Pick<Cell, 'guest'>): boolean {
  return emulatorOf(guest) !== 'pinned';
}

/** A program that was named and runs nothing is worth a word: it is not what the answer is about. */
export function warnUnusedQemu(cells: readonly Pick<Cell, 'guest'>[], qemu: string): void {
  if (qemu === SYSTEM_QEMU || cells.some(usesOwnQemu)) return;
  const text = `--qemu ${qemu} runs none of these guests: nested and deterministic ones run on the pinned QEMU`;
  process.stderr.write(
    `tscmatrix: warning: ${block(text)} (emulator: system in the matrix, --emulator system of boot)\n`,
  );
}
