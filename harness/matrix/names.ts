/** Names that a matrix gives: to kernels, presets, axes and their values. They come into ids, filters and tables. */
import type { z } from 'zod';

/** Letters, digits and . _ + -, with no two dots in a row and none at either end. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9_+-]*(\.[A-Za-z0-9_+-]+)*$/;
export const NAME_LENGTH = 60;
export const NAME_RULE = 'must be a name of at most 60 letters, digits and . _ + -';

/** Words that an axis cannot be called, because filters and conditions give them a meaning of their own. */
export const RESERVED_AXES: readonly string[] = ['cell', 'not', 'when', 'mem'];

/** What settings of a guest were called before: such keys work as ever, with a notice. */
export const OLD_SETTINGS = { qemu: 'emulator' } as const;

/** `fault` gives what is wrong with a value, or undefined. */
export function refused<T>(
  fault: (value: T) => string | undefined,
): (context: z.core.ParsePayload<T>) => void {
  return (context) => {
    const message = fault(context.value);
    if (message !== undefined)
      context.issues.push({ code: 'custom', input: context.value, message, continue: true });
  };
}
