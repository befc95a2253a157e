/** How a cell is launched. */
import { createHash } from 'node:crypto';
import { makeLaunch } from '../guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../guest/launch/command-line.ts';
import type { Launch, Machine } from '../guest/types.ts';

/** The same for each boot of a cell, so that its transcripts can be compared, and no other cell's. */
function nonceOf(cellId: string): string {
  return createHash('sha256').update(cellId).digest('hex').slice(0, 8);
}

/** The probe's image is `initrdPath`. */
export function launchOf(
  cell: { readonly id: string },
  machine: Machine,
  kernelPath: string,
  initrdPath: string,
): Launch {
  const probe = { nonce: nonceOf(cell.id), ...PROBE_DEFAULTS };
  return makeLaunch({ ...machine, kernelPath, initrdPath, probe });
}
