/** A check of the schema whose message depends on the value. */
import type { z } from 'zod';

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
