/** The picture that the live view draws, as text of a given size; pure. */

import { clockText, fitWidth } from '../../base/figures.ts';
import { oneLine } from '../../base/safe-text.ts';
import { countOutcomes, type RunView } from '../../record/run-view.ts';
import { OUTCOMES } from '../../verdict/types.ts';
import type { Progress } from '../reporter.ts';
import { paint } from '../table.ts';

type GuestProgress = Extract<Progress, { type: 'guest-progress' }>;

export interface LiveGuest {
  readonly cell: string;
  readonly boot: number;
  readonly startedMs: number;
  progress: GuestProgress | null;
}
export interface LiveState {
  readonly view: RunView;
  readonly startedMs: number;
  /** Kernels being fetched or built, and how far each is. */
  readonly kernels: ReadonlyMap<string, string>;
  readonly guests: ReadonlyMap<string, LiveGuest>;
}
interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

/** From here on there is room for the wall time of each guest. */
const WIDE = 60;

/** What is finished, then each kernel under way, then each guest; never taller than the terminal. */
export function frameOf(state: LiveState, size: FrameSize, nowMs: number, colour: boolean): string {
  const guests = [...state.guests.values()];
  const nameColumns = Math.max(0, ...guests.map((guest) => guestName(guest).length));
  const detail = [
    ...[...state.kernels].map(([kernel, text]) => `  kernel ${oneLine(kernel)}: ${oneLine(text)}`),
    ...guests.map((guest) => guestLine(guest, nameColumns, size.columns, nowMs)),
  ];
  // Two lines at the top, one for the cursor, one for "and more".
  const room = Math.max(1, size.rows - 4);
  const shown = detail.slice(0, room);
  const more = detail.length > room ? [`  and ${detail.length - room} more`] : [];
  const lines = [...headLines(state, nowMs), ...shown, ...more].map((line) => fitWidth(line, size.columns));
  return colour ? colourCounts(lines) : lines.join('\n');
}

function headLines(state: LiveState, nowMs: number): string[] {
  const cells = [...state.view.cells.values()];
  const judged = cells.filter((cell) => cell.judged !== null);
  const counts = countOutcomes(judged);
  const parts = OUTCOMES.filter((outcome) => counts[outcome] > 0).map(
    (outcome) => `${counts[outcome]} ${outcome}`,
  );
  const left = timeLeftMs(state, nowMs);
  const name = oneLine(state.view.started?.matrix.name ?? '');
  return [
    `${name}  ${clockText(nowMs - state.startedMs)}  ${judged.length}/${cells.length} cells${
      left === null ? '' : `, about ${clockText(left)} left`
    }`,
    `  ${parts.length === 0 ? 'no results yet' : parts.join(', ')}`,
  ];
}

function guestName({ cell, boot }: LiveGuest): string {
  return `${oneLine(cell)}${boot > 1 ? ` boot ${boot}` : ''}`;
}

/** `nameColumns`: of the longest name, so that what follows stands in columns. */
function guestLine(guest: LiveGuest, nameColumns: number, columns: number, nowMs: number): string {
  const phase = guest.progress?.phase ?? 'starting';
  const guestS = guest.progress?.guestS ?? null;
  const guestTime = guestS === null ? '' : `guest ${guestS.toFixed(1)} s`;
  const tail =
    columns < WIDE
      ? `  ${phase} ${guestTime}`.trimEnd()
      : `  ${phase.padEnd(8)} ${guestTime.padEnd(14)}${clockText(nowMs - guest.startedMs).padStart(6)}`;
  const room = Math.max(8, columns - tail.length - 2);
  return `  ${fitWidth(guestName(guest), room).padEnd(Math.min(nameColumns, room))}${tail}`;
}

/**
 * The mean time of the boots that are finished, for each boot that is not, over as many as go on at once. Null
 * before the first has finished.
 */
export function timeLeftMs(state: LiveState, nowMs: number): number | null {
  const cells = [...state.view.cells.values()];
  const times = cells.flatMap((cell) =>
    cell.boots.flatMap((boot) => (boot.finished === null ? [] : [boot.finished.wallMs])),
  );
  if (times.length === 0) return null;
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
  const { repeat = 1, jobs = 1 } = state.view.started?.options ?? {};
  const open = cells.filter((cell) => cell.judged === null);
  const boots = open.reduce(
    (sum, cell) => sum + Math.max(0, repeat - cell.boots.filter((b) => b.finished).length),
    0,
  );
  const spent = [...state.guests.values()].reduce(
    (sum, guest) => sum + Math.min(mean, nowMs - guest.startedMs),
    0,
  );
  return Math.max(0, boots * mean - spent) / Math.max(1, Math.min(jobs, boots));
}

function colourCounts(lines: readonly string[]): string {
  return lines
    .map((line, i) =>
      i !== 1
        ? line
        : OUTCOMES.reduce(
            (text, o) => text.replace(new RegExp(`\\d+ ${o}`), (part) => paint(part, o, true)),
            line,
          ),
    )
    .join('\n');
}
