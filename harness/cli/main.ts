/** The program's door: words to a command, errors to an exit code. Commands are loaded when they are asked for. */
import { EXIT } from '../host/errors.ts';
import { makeProgram } from './program.ts';
import { reportError } from './report-error.ts';
import { stopOnSignals } from './signals.ts';

// A reader that has seen enough (`| head`) is no fault of ours, nor of the guests.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

const signal = stopOnSignals();
try {
  process.exitCode = await makeProgram(signal)(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportError(error, signal.aborted);
}
