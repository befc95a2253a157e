/**
 * What no command has caught. Node ends a process with 1 for it, which of ours says that a kernel is not as expected, and
 * to "git bisect run" that it is bad: so the fault of the host or the defect is told, with an exit code of its own.
 */
import { EXIT, HostFault, Interrupted, UserError } from '../base/errors.ts';
import { errnoOf, toLimitFault } from '../host/write-faults.ts';
import { BuildError } from '../kernel/make/errors.ts';
import { sayFault } from './say.ts';

/** Broken off by its reader: nothing that "git bisect run" could take for an answer. */
const BROKEN_PIPE = 141;

interface LastResort {
  readonly signal: AbortSignal;
  /** For "git bisect run"; null for any other command. */
  readonly toGitCode: ((code: number) => number) | null;
}

export function catchTheRest({ signal, toGitCode }: LastResort): void {
  const end = (code: number): never => process.exit(toGitCode?.(code) ?? code);
  process.stdout.on('error', (error) => {
    // A reader that has seen enough (`| head`) is no fault of ours, nor of the guests.
    if (errnoOf(error) === 'EPIPE') process.exit(toGitCode === null ? EXIT.ok : BROKEN_PIPE);
    end(
      reportError(
        new HostFault('output-failed', `the output cannot be written: ${error.message}`),
        signal.aborted,
      ),
    );
  });
  // Nobody is left to be told; the exit code still tells.
  process.stderr.on('error', () => {});
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => end(reportError(error, signal.aborted)));
}

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
  // A finding about the kernel.
  if (error instanceof BuildError) {
    sayFault(error);
    return EXIT.unexpected;
  }
  sayFault({
    message: `a defect of tscmatrix: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  });
  return DEFECT;
}
