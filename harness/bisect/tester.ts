/** Boots kernels in one cell, and says of each boot whether it was as expected. */

import { type BootFault, openRunner } from '../lab/runner.ts';
import type { Cell } from '../plan/types.ts';
import { judgeCell } from '../verdict/outcome.ts';
import type { Observation } from '../verdict/types.ts';

export interface TesterOptions {
  readonly cell: Cell;
  readonly qemu: string;
  readonly timeoutS: number;
  readonly onProgress: (text: string) => void;
}

export type Judged =
  | {
      readonly kind: 'answer';
      readonly met: boolean;
      readonly reason: string;
      readonly observation: Observation;
      readonly transcriptSha256: string | null;
      readonly seconds: number;
    }
  | BootFault;

export interface Tester {
  /** Boots a kernel; what the guest left is in `folder`, which is made anew. */
  boot(kernelPath: string, folder: string): Promise<Judged>;
}

/** What all boots need is got with the first one. */
export function openTester({ cell, ...options }: TesterOptions): Tester {
  const runner = openRunner({ ...options, cells: [cell] });
  return {
    async boot(kernelPath, folder) {
      const booted = await runner.boot(cell, kernelPath, folder, (phase, guestS) =>
        options.onProgress(`booting: ${phase}${guestS === null ? '' : `, guest ${guestS.toFixed(1)} s`}`),
      );
      if (booted.kind === 'host-fault') return booted;
      const { observation, log, transcriptSha256, seconds } = booted;
      const judged = judgeCell([{ observation, log }], cell.expectation);
      return {
        kind: 'answer',
        met: judged.outcome === 'expected',
        reason: judged.reason,
        observation,
        transcriptSha256,
        seconds,
      };
    },
  };
}
