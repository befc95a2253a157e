/** Whether a running guest is to be ended now, and as what. Pure: time comes as arguments. */

import type { Ending } from '../ending/ending.ts';
import type { ConsoleState } from './console-watch.ts';
import type { Limits } from './limits.ts';
import { judgeSilence, type Sample, type Silence } from './progress-watch.ts';

export interface Moment {
  readonly look: Sample;
  readonly quiet: Silence;
  readonly console: ConsoleState;
  /** Wall time at which the end marker or a panic was seen; null before. */
  readonly lastWordMs: number | null;
  readonly interrupted: boolean;
}

export function judgeRunning(moment: Moment, limits: Limits): Ending | null {
  const { look, quiet, console, lastWordMs } = moment;
  if (moment.interrupted) {
    return { kind: 'host-fault', code: 'interrupted', detail: 'the run was interrupted' };
  }
  const flood = judgeFlood(console, limits);
  if (flood !== null) return flood;
  if (lastWordMs !== null) {
    if (look.wallMs - lastWordMs <= limits.graceMs) return null;
    return console.ended ? { kind: 'finished' } : { kind: 'panic' };
  }
  const stalled = judgeSilence(quiet, look, limits);
  if (stalled !== null) return stalled;
  return look.wallMs > limits.deadlineMs ? { kind: 'deadline', wallMs: look.wallMs } : null;
}

export function judgeFlood(console: ConsoleState, limits: Limits): Ending | null {
  return console.bytes > limits.floodBytes ? { kind: 'flood', bytes: console.bytes } : null;
}
