/** The pinned QEMU as a table for people. */
import { lines } from '../../base/safe-text.ts';
import { plainTable } from '../../base/table.ts';
import type { PinnedQemu } from './types.ts';

/** `seconds` is what getting it took, from the cache or not. */
export function pinnedText(qemu: PinnedQemu, seconds: number): string {
  const { version, debianVersion, sha256, behaviour, cached, program } = qemu;
  const row = [version, debianVersion, sha256.slice(0, 12), behaviour.slice(0, 12), seconds.toFixed(1)];
  return lines(
    plainTable(
      ['QEMU', 'source', 'sha256', 'behaviour', 'seconds', 'from', 'program'],
      [[...row, cached ? 'cache' : 'built', program]],
    ),
  );
}
