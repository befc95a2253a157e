/** How far a job's run is, on one line: its kernels, and each guest's answer. */
import type { ProgressLine } from '../host/progress-line.ts';
import type { Reporter } from './reporter.ts';

export function guestProgress(line: ProgressLine): Reporter {
  let planned = 0;
  let judged = 0;
  return {
    name: 'progress',
    event: (event) => {
      if (event.type === 'cell-planned') planned += 1;
      if (event.type === 'cell-judged') judged += 1;
      if (event.type === 'kernel-ready') line.show(`kernel ${event.kernel}: ${event.release}`);
      if (event.type === 'cell-judged')
        line.news(`${judged} of ${planned} guests, ${event.cell}: ${event.verdicts.join(', ')}`);
    },
    progress: (progress) => {
      if (progress.type === 'kernel-progress') line.show(`kernel ${progress.kernel}: ${progress.text}`);
    },
  };
}
