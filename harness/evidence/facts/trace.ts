/**
 * Marker traces: printk("No.%s, func: %s, line: %d, file: %s") put at the branches of init_tsc_clocksource()
 * and tsc_refine_calibration_work(). The number of a marker is free, its function's name is not: what counts
 * is whether the work, each time it runs, gets further than it did when it was set up again.
 */
import type { LogLine } from '../log-lines.ts';
import { found } from './find.ts';
import type { Trace } from './types.ts';

const MARKER = /^No\.(\d{1,4}), func: (\w{1,64}), line: \d{1,6}\b/;
const WORK = 'tsc_refine_calibration_work';
/** The work is run again after HZ; markers of one run are milliseconds apart. */
const NEW_RUN_GAP_S = 0.5;

export function traceFact(lines: readonly LogLine[]): Trace | null {
  const marks = lines.flatMap((line) => {
    const match = MARKER.exec(line.text);
    return match === null ? [] : [{ ...found(line), marker: Number(match[1]), func: match[2] ?? '' }];
  });
  if (marks.length === 0) return null;

  const runs: number[][] = [];
  let previous: { marker: number; timeS: number | null } | null = null;
  for (const mark of marks) {
    if (mark.func !== WORK) continue;
    const later =
      previous?.timeS != null && mark.timeS !== null && mark.timeS - previous.timeS > NEW_RUN_GAP_S;
    const again = previous !== null && mark.marker <= previous.marker;
    if (previous === null || later || again) runs.push([]);
    runs.at(-1)?.push(mark.marker);
    previous = mark;
  }
  // The first run always ends where the first sample is taken; a later one that takes a stop sample runs
  // through other markers. A run equal to the first one started all over again.
  const first = runs[0]?.join(' ');
  const again = runs.slice(1).filter((run) => run.join(' ') === first).length;
  return {
    path: marks.map((mark) => mark.marker),
    marks,
    restarts: again,
    pastStart: runs.slice(1).some((run) => run.join(' ') !== first && !first?.startsWith(run.join(' '))),
  };
}
