/**
 * From all that was seen of a boot to its ending, by an ordered list of rules: the first that answers decides. What
 * this host did comes first, then the appliance, and only then the guest's own end. Pure.
 */
import { applianceRules } from './appliance-rules.ts';
import { type Ending, fault } from './ending.ts';
import { ownEnd, shutdownReason } from './own-end.ts';
import { lacksAccelerator, lastWords, refuses } from './qemu-words.ts';
import type { QemuExit, Rule, Seen } from './seen.ts';

/** QEMU's exit, if it ended by itself before the guest was done; null else. */
function early({ stop, console, floodBytes, exit }: Seen): QemuExit | null {
  return stop !== null || console.ended || console.bytes > floodBytes ? null : exit;
}

/** The kernel's answer to a write past RLIMIT_FSIZE: setrlimit(2). */
const sizeLimit: Rule = (seen) =>
  early(seen)?.signal === 'SIGXFSZ'
    ? fault('disk-full', `QEMU's files reached the limit on a file's size: ${seen.full ?? 'see ulimit -f'}`)
    : null;

const died: Rule = (seen) => {
  const exit = early(seen);
  if (exit === null || exit.signal === null) return null;
  const code = lacksAccelerator(exit.stderr) ? 'no-accelerator' : 'qemu-killed';
  return fault(code, `${exit.signal}: ${lastWords(exit.stderr)}`);
};

const gaveUp: Rule = (seen) => {
  const exit = early(seen);
  if (exit === null || exit.exitCode === 0) return null;
  const detail = lastWords(exit.stderr);
  // setpriv's answer, and a shell's, if the program does not exist.
  if (exit.exitCode === 127) return fault('qemu-missing', detail);
  if (lacksAccelerator(exit.stderr)) return fault('no-accelerator', detail);
  return fault(refuses(exit.stderr) ? 'qemu-unsupported' : 'qemu-failed', detail);
};

const OUTSIDE = ['host-signal', 'host-qmp-quit', 'host-ui', 'host-error'];

const endedFromOutside: Rule = (seen) => {
  const exit = early(seen);
  const reason = shutdownReason(seen);
  if (exit === null || reason === null || !OUTSIDE.includes(reason)) return null;
  return fault('qemu-killed', `QEMU was told to end from outside (${reason}): ${lastWords(exit.stderr)}`);
};

/** A machine that could not be asked has not been checked, so what its guest says is no result. */
const unchecked: Rule = (seen) => {
  const own = ownEnd(seen);
  if (own.kind === 'truncated' && seen.outer === null)
    return fault(
      'qemu-failed',
      `QEMU ended without having told over QMP what machine it made: ${own.detail}`,
    );
  return own.kind === 'finished' && seen.outer === null ? UNCHECKED : null;
};
const UNCHECKED = fault(
  'qemu-failed',
  'the guest finished, but QEMU did not tell over QMP what machine it made',
);

/** A guest that has said nothing for so long had stalled, also if the limit on the whole came first. */
const QUIET_MS = 30_000;

/**
 * Before 8.1 QEMU could give all of an instruction budget to one CPU that waits for another, again and again
 * (rr_cpu_thread_fn() in accel/tcg/tcg-accel-ops-rr.c; icount_percpu_budget() came with the remedy): Linux 6.1 then
 * hangs in wait_for_master_cpu() while its second CPU comes up. The kernel has no part in that, and neither has the
 * load of the host, which only decides by which limit the silence is noticed.
 */
const starved: Rule = ({ launch: { guest, nested }, stop, outer, console }) => {
  if (outer === null || nested !== undefined || guest.clock !== 'deterministic' || guest.smp < 2) return null;
  const [major = 0, minor = 0] = outer.qemuVersion.split('.').map(Number);
  if (major > 8 || (major === 8 && minor >= 1)) return null;
  const silent =
    stop?.kind === 'stalled' ||
    stop?.kind === 'silent' ||
    (stop?.kind === 'frozen' && stop.ran) ||
    (stop?.kind === 'deadline' && stop.silentMs > QUIET_MS);
  if (!silent || console.ended || console.panicked) return null;
  const words = `QEMU ${outer.qemuVersion} can starve a CPU of ${guest.smp} under -icount, which 8.1 mended`;
  return fault('qemu-unsupported', `${words}; the guest stalled`);
};

/** QEMU used its CPU, and its guest's time stood still or could not be asked for. The appliance has a clock of its own. */
const stoodStill: Rule = ({ launch: { nested }, stop, console }) =>
  nested === undefined && stop?.kind === 'stalled' && !stop.moved && !console.ended && !console.panicked
    ? fault('guest-frozen', `guest time was not seen to move: ${stop.detail}`)
    : null;

/**
 * A console that ends early if nothing more can be written tells nothing of the guest: QEMU drops what it cannot
 * write (serial_xmit() in hw/char/serial.c), and the guest goes on.
 */
const full: Rule = (seen) =>
  seen.full === null || ownEnd(seen).kind === 'finished' ? null : fault('disk-full', seen.full);

/** The same as `unchecked`, of the machine under test: the appliance did not pass on what it was asked to. */
const guestUnchecked: Rule = (seen) =>
  ownEnd(seen).kind === 'finished' && seen.machine === null ? UNCHECKED : null;

const RULES: readonly Rule[] = [
  sizeLimit,
  died,
  gaveUp,
  endedFromOutside,
  unchecked,
  starved,
  stoodStill,
  full,
  ...applianceRules,
  guestUnchecked,
];

export function endingOf(seen: Seen): Ending {
  for (const rule of RULES) {
    const ending = rule(seen);
    if (ending !== null) return ending;
  }
  return ownEnd(seen);
}

/** An ending as an earlier version recorded it, by the rule that it left to the verdict. */
export function recordedEnding(ending: Ending, machine: Seen['machine']): Ending {
  return ending.kind === 'finished' && machine === null ? UNCHECKED : ending;
}
