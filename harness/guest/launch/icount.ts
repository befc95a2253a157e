/** Counted instructions as time: -icount and what follows from it. Pure. */

/**
 * One instruction is one virtual ns; idle time costs nothing; nothing that is random comes from the host. The TSC counts
 * virtual ns (icount_get() in accel/tcg/icount-common.c), scaled where a guest asks for another frequency than 1 GHz
 * (patch 0005 of images/qemu).
 */
export const ICOUNT_ARGUMENTS = ['-icount', 'shift=0,sleep=off,align=off', '-seed', '1'] as const;

/** The property of -cpu that gives a TSC its frequency; nothing where none was asked for. */
export function frequencyFlags(khz: number | null): string[] {
  return khz === null ? [] : [`tsc-frequency=${khz * 1000}`];
}
