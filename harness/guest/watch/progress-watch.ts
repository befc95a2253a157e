/** Decides that a guest which has gone quiet is stalled, frozen, or merely slow. Pure: time comes as arguments. */
import type { Stop } from '../ending/seen.ts';
import type { Limits } from './limits.ts';

/** What is known of a guest at one look. */
export interface Sample {
  readonly wallMs: number;
  /** CPU time that QEMU has used. */
  readonly cpuMs: number;
  /** Time that QEMU's threads have waited for a CPU; null if it was not asked for. */
  readonly waitedMs: number | null;
  readonly consoleBytes: number;
  /** Guest seconds since power-on as QEMU told in this silence; null if it was not asked or did not answer. */
  readonly guestS: number | null;
}

export interface Silence {
  readonly sinceWallMs: number;
  readonly sinceCpuMs: number;
  /** At the first look of this silence that asked for it. */
  readonly sinceWaitedMs: number | null;
  readonly consoleBytes: number;
  /** Guest time at the first look of this silence at which QEMU told it. */
  readonly sinceGuestS: number | null;
  /** The last look at which guest time was seen to move. */
  readonly movedWallMs: number;
  readonly lastGuestS: number | null;
  /** CPU time of QEMU at that look, and its waiting. */
  readonly movedCpuMs: number;
  readonly movedWaitedMs: number | null;
}

/** After this much silence it is worth asking QEMU for the guest's time. */
export const ASK_AFTER_MS = 2000;

/** A QEMU that uses a CPU, or waits for one, for a smaller share of the time than this does not run its guest. */
const IDLE_SHARE = 0.02;

export function startSilence(look: Sample): Silence {
  return {
    sinceWallMs: look.wallMs,
    sinceCpuMs: look.cpuMs,
    sinceWaitedMs: look.waitedMs,
    consoleBytes: look.consoleBytes,
    sinceGuestS: null,
    movedWallMs: look.wallMs,
    movedCpuMs: look.cpuMs,
    movedWaitedMs: look.waitedMs,
    lastGuestS: null,
  };
}

/** A byte on the console starts a new silence; without one, guest time is followed. */
export function follow(quiet: Silence, look: Sample): Silence {
  if (look.consoleBytes !== quiet.consoleBytes) return startSilence(look);
  const sinceWaitedMs = quiet.sinceWaitedMs ?? look.waitedMs;
  const movedWaitedMs = quiet.movedWaitedMs ?? look.waitedMs;
  if (look.guestS === null) return { ...quiet, sinceWaitedMs, movedWaitedMs };
  const moved = quiet.lastGuestS === null || look.guestS > quiet.lastGuestS;
  return {
    ...quiet,
    sinceWaitedMs,
    movedWaitedMs: moved ? look.waitedMs : movedWaitedMs,
    sinceGuestS: quiet.sinceGuestS ?? look.guestS,
    lastGuestS: look.guestS,
    movedWallMs: moved ? look.wallMs : quiet.movedWallMs,
    movedCpuMs: moved ? look.cpuMs : quiet.movedCpuMs,
  };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function frozen(quiet: Silence, look: Sample, ran: boolean): Stop {
  const stillMs = look.wallMs - quiet.movedWallMs;
  const timeText =
    quiet.lastGuestS === null
      ? 'QEMU did not tell the guest time'
      : `guest time stood at ${quiet.lastGuestS} s`;
  const used = seconds(look.cpuMs - quiet.movedCpuMs);
  const detail = `${timeText} for ${seconds(stillMs)} of wall time, in which QEMU used ${used} of CPU time`;
  return { kind: 'frozen', ran, detail };
}

/** The CPU time that a guest has used and said nothing; null while it may be more. */
function spunMs(quiet: Silence, look: Sample, { stallCpuMs }: Limits): number | null {
  const usedMs = look.cpuMs - quiet.sinceCpuMs;
  const limitMs = stallCpuMs === null ? Number.POSITIVE_INFINITY : stallCpuMs;
  return usedMs > (look.consoleBytes === 0 ? 3 * limitMs : limitMs) ? usedMs : null;
}

const between = (from: number | null, to: number | null): number =>
  from === null || to === null ? 0 : to - from;

/**
 * Why a silence ends the guest, or null while there is hope. Guest time is told in whole seconds, and a busy host may
 * need a minute for one: so a guest whose time stands still is given up at `frozenMs` only if QEMU does not run at
 * all, else at `stallMs`. Time in which QEMU waited for a CPU does not count: a kernel is blamed only for time it had.
 */
export function judgeSilence(quiet: Silence, look: Sample, limits: Limits): Stop | null {
  const wallMs = look.wallMs - quiet.sinceWallMs;
  const waitedMs = between(quiet.sinceWaitedMs, look.waitedMs);
  const stillMs = look.wallMs - quiet.movedWallMs;
  const activeMs = look.cpuMs - quiet.movedCpuMs + between(quiet.movedWaitedMs, look.waitedMs);
  const idle = activeMs < stillMs * IDLE_SHARE;
  const guestMoved = (quiet.lastGuestS ?? 0) - (quiet.sinceGuestS ?? 0);

  const moved = guestMoved > 0;

  const usedMs = spunMs(quiet, look, limits);
  if (usedMs !== null) {
    const detail = `nothing on the console while QEMU used ${seconds(usedMs)} of CPU time`;
    return { kind: 'stalled', limit: 'wall', wallMs, moved, detail };
  }
  if (wallMs > ASK_AFTER_MS && stillMs > limits.frozenMs && idle) return frozen(quiet, look, false);
  const guestTooLong = guestMoved - waitedMs / 1000 > limits.guestStallS;
  if (!guestTooLong && wallMs - waitedMs <= limits.stallMs) return null;
  if (!moved) return frozen(quiet, look, !idle);
  if (look.consoleBytes === 0) return { kind: 'silent', wallMs };
  const detail = `nothing on the console for ${seconds(wallMs)} of wall time and ${guestMoved} s of guest time`;
  return { kind: 'stalled', limit: guestTooLong ? 'guest-time' : 'wall', wallMs, moved, detail };
}
