/** An attempt at a boot that says nothing of the kernel. */
import type { Ending } from '../guest/ending/ending.ts';

/** An attempt that ended in a fault of the machines below the guest, and was made again. */
export interface FailedAttempt {
  readonly nonce: string;
  readonly ending: Ending;
  readonly wallMs: number;
  readonly cpuMs: number;
}
