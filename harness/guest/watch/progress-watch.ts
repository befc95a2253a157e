/** Decides that a guest which has gone quiet is stalled, frozen, or merely slow. Pure: time comes as arguments. */
import type { Ending } from '../ending/ending.ts';
import type { Limits } from './limits.ts';

/** What is known of a guest at one look. */
export interface Sample {
  readonly wallMs: number;
  /** CPU time that QEMU has used. */
  readonly cpuMs: number;
  readonly consoleBytes: number;
  /** Guest seconds since power-on as QEMU told in this silence; null where it was not asked or did not answer. */
  readonly guestS: number | null;
}

export interface Silence {
  readonly sinceWallMs: number;
  readonly sinceCpuMs: number;
  readonly consoleBytes: number;
  /** Guest time at the first look of this silence at which QEMU told it. */
  readonly sinceGuestS: number | null;
  /** The last look at which guest time was seen to move. */
  readonly movedWallMs: number;
  readonly lastGuestS: number | null;
  /** CPU time of QEMU at that look. */
  readonly movedCpuMs: number;
}

/** After this much silence it is worth asking QEMU for the guest's time. */
export const ASK_AFTER_MS = 2000;

/** A QEMU that uses a smaller share of a CPU than this does not run its guest, however busy the host is. */
const IDLE_SHARE = 0.02;

export function startSilence(look: Sample): Silence {
  return {
    sinceWallMs: look.wallMs,
    sinceCpuMs: look.cpuMs,
    consoleBytes: look.consoleBytes,
    sinceGuestS: null,
    movedWallMs: look.wallMs,
    movedCpuMs: look.cpuMs,
    lastGuestS: null,
  };
}

/** A byte on the console starts a new silence; without one, guest time is followed. */
export function follow(quiet: Silence, look: Sample): Silence {
  if (look.consoleBytes !== quiet.consoleBytes) return startSilence(look);
  if (look.guestS === null) return quiet;
  const moved = quiet.lastGuestS === null || look.guestS > quiet.lastGuestS;
  return {
    ...quiet,
    sinceGuestS: quiet.sinceGuestS ?? look.guestS,
    lastGuestS: look.guestS,
    movedWallMs: moved ? look.wallMs : quiet.movedWallMs,
    movedCpuMs: moved ? look.cpuMs : quiet.movedCpuMs,
  };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function frozen(quiet: Silence, look: Sample): Ending {
  const stillMs = look.wallMs - quiet.movedWallMs;
  const told =
    quiet.lastGuestS === null
      ? 'QEMU did not tell the guest time'
      : `guest time stood at ${quiet.lastGuestS} s`;
  const used = seconds(look.cpuMs - quiet.movedCpuMs);
  return {
    kind: 'host-fault',
    code: 'guest-frozen',
    detail: `${told} for ${seconds(stillMs)} of wall time, in which QEMU used ${used} of CPU time`,
  };
}

/** A guest that uses its CPU and says nothing. */
function spinning(quiet: Silence, look: Sample, { stallCpuMs }: Limits): Ending | null {
  if (stallCpuMs === null) return null;
  const usedMs = look.cpuMs - quiet.sinceCpuMs;
  if (usedMs <= (look.consoleBytes === 0 ? 3 * stallCpuMs : stallCpuMs)) return null;
  const detail = `nothing on the console while QEMU used ${seconds(usedMs)} of CPU time`;
  return { kind: 'stalled', limit: 'wall', detail };
}

/**
 * The ending that a silence amounts to, or null while there is hope. Guest time is told in whole seconds, and a busy
 * host may need a minute for one: so a guest whose time stands still is given up at `frozenMs` only where QEMU does
 * not run at all, else at `stallMs`. Either way it is the host's fault: a kernel is blamed only for time it had.
 */
export function judgeSilence(quiet: Silence, look: Sample, limits: Limits): Ending | null {
  const silentMs = look.wallMs - quiet.sinceWallMs;
  const stillMs = look.wallMs - quiet.movedWallMs;
  const idle = look.cpuMs - quiet.movedCpuMs < stillMs * IDLE_SHARE;
  const guestMoved = (quiet.lastGuestS ?? 0) - (quiet.sinceGuestS ?? 0);

  const spun = spinning(quiet, look, limits);
  if (spun !== null) return spun;
  if (silentMs > ASK_AFTER_MS && stillMs > limits.frozenMs && idle) return frozen(quiet, look);
  const guestTooLong = guestMoved > limits.guestStallS;
  if (!guestTooLong && silentMs <= limits.stallMs) return null;
  if (guestMoved === 0) return frozen(quiet, look);
  if (look.consoleBytes === 0) return { kind: 'silent', wallMs: silentMs };
  return {
    kind: 'stalled',
    limit: guestTooLong ? 'guest-time' : 'wall',
    detail: `nothing on the console for ${seconds(silentMs)} of wall time and ${guestMoved} s of guest time`,
  };
}
