/** A reporter that waits for the end and then writes one text about the whole run. */

import type { Sink } from '../host/sink.ts';
import { applyEvent, newRunView, type RunView } from '../record/run-view.ts';
import type { Reporter } from './reporter.ts';

/** `dir` is the run's folder; null if nobody said. */
export function collectingReporter(
  name: string,
  sink: Sink,
  render: (view: RunView, dir: string | null) => string | Promise<string>,
): Reporter {
  const view = newRunView();
  let dir: string | null = null;
  return {
    name,
    opened: (folder) => {
      dir = folder;
    },
    event: (event) => applyEvent(view, event),
    close: async () => sink.write(await render(view, dir)),
  };
}
