/** Counted instructions as time: -icount and what follows from it. Pure. */

/**
 * The TSC under -icount counts virtual nanoseconds (cpus_get_elapsed_ticks() in softmmu/cpus.c, icount_get() in
 * accel/tcg/icount-common.c): exactly 1 GHz.
 */
export const ICOUNT_TSC_KHZ = 1_000_000;

/** One instruction is one virtual ns; idle time costs nothing; nothing that is random comes from the host. */
export const ICOUNT_ARGUMENTS = ['-icount', 'shift=0,sleep=off,align=off', '-seed', '1'] as const;
