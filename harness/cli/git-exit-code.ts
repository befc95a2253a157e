/** Exit codes as `git bisect run` takes them. */
import { EXIT } from '../base/errors.ts';

/** "The current source code cannot be tested": git-bisect(1). */
export const SKIP = 125;

/**
 * What goes wrong with us must end "git bisect run" and never be an answer: it takes 1 to 127 for bad. 129 is bad usage
 * or input, as git itself has it; the others are 128 more than usual.
 */
export function gitExitCode(code: number): number {
  if ([EXIT.ok, EXIT.unexpected, SKIP, EXIT.interrupted].includes(code)) return code;
  return code === EXIT.usage ? 129 : 128 + code;
}
