/** The variables that images/exits/kvm-exits.c takes its orders from. Pure. */
import type { RefDelay } from '../../matrix/types.ts';

/** Where the library keeps its counts: a file in the folder that QEMU runs in. */
export const EXITS_FILE = 'exits.bin';

export function delayVariables({ pmNs, hpetNs, disturbance }: RefDelay): Record<string, string> {
  return {
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
  };
}
