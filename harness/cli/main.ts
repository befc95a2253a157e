/** The program's door: words to a command, errors to an exit code. Commands are loaded when they are asked for. */
import { EXIT } from '../base/errors.ts';
import { gitExitCode } from './git-exit-code.ts';
import { makeProgram } from './program.ts';
import { reportError } from './report-error.ts';
import { stopOnSignals } from './signals.ts';

// Whatever the user's umask is: what we make, nobody else may write to.
process.umask(process.umask() | 0o022);

const isProbe = process.argv[2] === 'probe';
/** Broken off by its reader: nothing that "git bisect run" could take for an answer. */
const BROKEN_PIPE = 141;

// A reader that has seen enough (`| head`) is no fault of ours, nor of the guests.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(isProbe ? BROKEN_PIPE : EXIT.ok);
});

const signal = stopOnSignals();
let code: number;
try {
  code = await makeProgram(signal)(process.argv.slice(2));
} catch (error) {
  code = reportError(error, signal.aborted);
}
process.exitCode = isProbe ? gitExitCode(code) : code;
