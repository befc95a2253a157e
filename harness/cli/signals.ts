/** Ctrl-C, SIGTERM and a closed terminal end the guests and then us; a second one ends us at once. */
import { EXIT } from '../base/errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Aborted by the first signal. The handlers stay for good: between the last step and the end of the process a signal
 * must not find the default action.
 */
export function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    // Guests die with us (host/process.ts), scratch folders are removed at exit (host/scratch.ts).
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    // First, so that a live view takes its picture away before the message comes.
    controller.abort();
    process.stderr.write('tscmatrix: stopping; once more to stop at once\n');
  };
  for (const name of SIGNALS) process.on(name, stop);
  return controller.signal;
}
