/** Ctrl-C, SIGTERM and a closed terminal end the guests and then us; a second one ends us at once. */
import { EXIT } from '../host/errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Signals {
  readonly signal: AbortSignal;
  release(): void;
}

export function stopOnSignals(): Signals {
  const controller = new AbortController();
  const stop = (): void => {
    // Guests die with us (host/process.ts), scratch folders are removed at exit (host/scratch.ts).
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    // First, so that a live view takes its picture away before the message comes.
    controller.abort();
    process.stderr.write('tscmatrix: stopping; once more to stop at once\n');
  };
  for (const name of SIGNALS) process.on(name, stop);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of SIGNALS) process.off(name, stop);
    },
  };
}
