/** Whether a running guest is to be ended now, and why. Pure: time comes as arguments. */

import type { Stop } from '../ending/seen.ts';
import type { ConsoleState } from './console-watch.ts';
import type { Limits } from './limits.ts';
import { judgeSilence, type Sample, type Silence } from './progress-watch.ts';

export interface Moment {
  readonly look: Sample;
  readonly quiet: Silence;
  readonly console: ConsoleState;
  /** Wall time at which the end marker or a panic was seen; null before. */
  readonly lastWordMs: number | null;
}

export function stopNow(moment: Moment, limits: Limits): Stop | null {
  const { look, quiet, console, lastWordMs } = moment;
  if (console.bytes > limits.floodBytes) return { kind: 'flood' };
  if (lastWordMs !== null) return look.wallMs - lastWordMs > limits.graceMs ? { kind: 'last-word' } : null;
  const { wallMs } = look;
  return (
    judgeSilence(quiet, look, limits) ??
    (wallMs > limits.deadlineMs ? { kind: 'deadline', wallMs, silentMs: wallMs - quiet.sinceWallMs } : null)
  );
}
