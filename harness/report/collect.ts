/** A reporter that waits for the end and then writes one text about the whole run. */
import { applyEvent, newRunView, type RunView } from '../record/run-view.ts';
import type { Reporter } from './reporter.ts';
import type { Sink } from './sink.ts';

export function collectingReporter(name: string, sink: Sink, render: (view: RunView) => string): Reporter {
  const view = newRunView();
  return {
    name,
    event: (event) => applyEvent(view, event),
    close: () => sink.write(render(view)),
  };
}
