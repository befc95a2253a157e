/** The variables that images/exits/kvm-exits.c takes its orders from. Pure. */
import type { GuestSpec } from '../../matrix/types.ts';
import { ICOUNT_TSC_KHZ } from './icount.ts';

/** Where the library keeps its counts: a file in the folder that QEMU runs in. */
export const EXITS_FILE = 'exits.bin';

/** `file` is where the counts go, `library` the shared object: both as the QEMU that is meant sees them. */
export function exitVariables(guest: GuestSpec, library: string, file: string): Record<string, string> {
  const { pmNs, hpetNs, disturbance } = guest.refDelay;
  return {
    LD_PRELOAD: library,
    TSCMATRIX_EXITS: file,
    ...(pmNs === 0 ? {} : { TSCMATRIX_PM_NS: String(pmNs) }),
    ...(hpetNs === 0 ? {} : { TSCMATRIX_HPET_NS: String(hpetNs) }),
    ...(disturbance === null ? {} : { TSCMATRIX_LONGER_NS: String(disturbance.ns) }),
    ...(disturbance?.kind === 'every' ? { TSCMATRIX_EVERY: String(disturbance.every) } : {}),
    ...(disturbance?.kind === 'random'
      ? {
          TSCMATRIX_CHANCE: String(Math.round(disturbance.probability * 2 ** 32)),
          TSCMATRIX_SEED: String(disturbance.seed),
        }
      : {}),
    // Read without a system call, so that a delay is exact to some ten ns.
    ...(guest.clock === 'deterministic' ? { TSCMATRIX_TSC_KHZ: String(ICOUNT_TSC_KHZ) } : {}),
  };
}
