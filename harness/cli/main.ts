/** The program's door: words to a command, errors to an exit code. Commands are loaded when they are asked for. */
import { stoppedBy } from '../host/interruption.ts';
import { gitExitCode } from './git.ts';
import { catchTheRest, reportError } from './last-resort.ts';
import { makeProgram } from './program.ts';
import { stopOnSignals } from './signals.ts';

// Whatever the user's umask is: what we make, nobody else may write to.
process.umask(process.umask() | 0o022);

const isProbe = process.argv[2] === 'probe';
const signal = stopOnSignals();
catchTheRest({ signal, toGitCode: isProbe ? gitExitCode : null });
let code: number;
try {
  code = await stoppedBy(signal, () => makeProgram()(process.argv.slice(2)));
} catch (error) {
  code = reportError(error, signal.aborted);
}
process.exitCode = isProbe ? gitExitCode(code) : code;
