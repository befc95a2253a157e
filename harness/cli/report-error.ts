/** An error as one message on stderr, and its exit code. */
import { EXIT, HostFault, Interrupted, UserError } from '../base/errors.ts';
import { toLimitFault } from '../host/limit-faults.ts';
import { sayFault } from './say.ts';

/** EX_SOFTWARE of sysexits.h: a defect of this program. */
const DEFECT = 70;

export function reportError(thrown: unknown, interrupted: boolean): number {
  if (interrupted || thrown instanceof Interrupted) return EXIT.interrupted;
  const error = toLimitFault(thrown) ?? thrown;
  if (error instanceof UserError) {
    sayFault(error);
    return EXIT.usage;
  }
  if (error instanceof HostFault) {
    sayFault(error);
    return EXIT.hostFault;
  }
  sayFault({
    message: `a defect of tscmatrix: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  });
  return DEFECT;
}
