/** The plan of an audit: every guest that an exhibit needs, once for each kernel. Pure. */
import { createHash } from 'node:crypto';
import type { MuseumPiece } from '../lab/museum.ts';
import type { KernelEntry } from '../matrix/types.ts';
import { guestId, shorten } from '../plan/cell-id.ts';
import { anything } from '../plan/expectations.ts';
import type { Cell, Plan } from '../plan/types.ts';
import { isApplicable } from './applies.ts';

/** The same for all exhibits that boot this guest with these tests. */
export function cellIdFor(kernel: string, { guest, tests }: Cell): string {
  const own = tests === undefined ? '' : `.tests=${digest(JSON.stringify(tests)).slice(0, 8)}`;
  return shorten(`${kernel}.${guestId(guest)}${own}`);
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The kernels are named as the user named them; the commit of an exhibit that cannot apply to a known release is not booted. */
export function auditPlan(
  pieces: readonly MuseumPiece[],
  kernels: readonly { readonly entry: KernelEntry; readonly release: string | null }[],
): Plan {
  const cells = new Map<string, Cell>();
  for (const { entry, release } of kernels)
    for (const { guests, exhibit } of pieces) {
      if (!isApplicable(exhibit, release)) continue;
      for (const { cell } of guests) {
        const id = cellIdFor(entry.name, cell);
        const axes = { kernel: entry.name, guest: id.slice(entry.name.length + 1) };
        const { line: _, ...rest } = cell;
        const expectation = anything(cell, 'the audit, which holds it against the exhibits');
        cells.set(id, { ...rest, id, kernel: entry.name, axes, expectation });
      }
    }
  return {
    name: 'audit',
    matrixPath: pieces[0]?.path ?? '',
    matrixSha256: digest(pieces.map(({ sha256 }) => sha256).join('\n')),
    kernels: kernels
      .map(({ entry }) => entry)
      .filter(({ name }) => [...cells.values()].some((c) => c.kernel === name)),
    cells: [...cells.values()],
  };
}
