/** An error as one message on stderr, and its exit code. */
import { EXIT, HostError, UserError } from '../base/errors.ts';
import { block } from '../base/safe-text.ts';
import { toLimitFault } from '../host/limit-faults.ts';

/** EX_SOFTWARE of sysexits.h: a defect of this program. */
const DEFECT = 70;

function say(message: string, hint: string | undefined): void {
  // A message may quote a guest, a file or a tool.
  process.stderr.write(`tscmatrix: ${block(message)}\n`);
  if (hint !== undefined) process.stderr.write(`  hint: ${block(hint)}\n`);
}

export function reportError(thrown: unknown, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted;
  const error = toLimitFault(thrown) ?? thrown;
  if (error instanceof UserError) {
    say(error.message, error.hint);
    return EXIT.usage;
  }
  if (error instanceof HostError) {
    say(error.message, error.hint);
    return EXIT.infrastructure;
  }
  say(
    `a defect of tscmatrix: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    undefined,
  );
  return DEFECT;
}
