/** Whether text for a stream may have colours. */
import { WriteStream } from 'node:tty';

/**
 * NO_COLOR (no-color.org) wins if it is not empty; FORCE_COLOR has colours written to files and pipes too, but for 0 and false; else it takes a
 * terminal that has any, by TERM and what else Node looks at.
 */
export function hasColours(
  isTty: boolean | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  const { NO_COLOR, FORCE_COLOR, ...rest } = env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTty === true && WriteStream.prototype.getColorDepth(rest) > 1;
}
