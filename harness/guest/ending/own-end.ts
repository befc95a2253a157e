/** The guest's own end, as its console, its time and QEMU's exit show it. Pure. */
import { type Ending, fault } from './ending.ts';
import type { Seen } from './seen.ts';

/**
 * What QEMU itself says of a shutdown: ShutdownCause in qapi/run-state.json. The event is missed if the guest ended
 * before we had left QMP's negotiation mode; a signal is told on stderr as well (qemu_system_killed(), qemu_kill_report()).
 */
export function shutdownReason({ exit, events }: Pick<Seen, 'exit' | 'events'>): string | null {
  // A QEMU that was held at the guest's end is told to quit, and says that too.
  const all = events.filter(({ event }) => event === 'SHUTDOWN');
  const shutdown = all.findLast(({ data }) => data.reason !== 'host-qmp-quit') ?? all.at(-1);
  if (shutdown !== undefined) return String(shutdown.data.reason ?? 'unknown');
  return /terminating on signal \d+/.test(exit.stderr) ? 'host-signal' : null;
}

const RESET = ['guest-reset', 'guest-panic', 'host-qmp-system-reset', 'subsystem-reset'];

/** The console's own marks come first, since they are the guest's word. */
export function ownEnd(seen: Seen): Ending {
  const { console, floodBytes, stop } = seen;
  if (console.bytes > floodBytes) return { kind: 'flood', bytes: console.bytes };
  if (console.ended) return { kind: 'finished' };
  if (console.panicked) return { kind: 'panic' };
  switch (stop?.kind) {
    case 'frozen':
      return fault('guest-frozen', stop.detail);
    case 'silent':
      return stop;
    case 'stalled': {
      const { limit, detail, wallMs } = stop;
      // Of a nested guest the detail tells more.
      const silent = console.bytes === 0 && seen.launch.nested === undefined;
      return silent ? { kind: 'silent', wallMs } : { kind: 'stalled', limit, detail };
    }
    case 'deadline':
      return { kind: 'deadline', wallMs: stop.wallMs };
    default:
      return endOfQemu(seen);
  }
}

function endOfQemu(seen: Seen): Ending {
  const reason = shutdownReason(seen);
  const when =
    seen.console.bytes === 0 ? 'before it printed anything' : 'without the end marker and without a panic';
  if (reason !== null && RESET.includes(reason)) {
    // panic=-1 resets too, and a panic before the console is up is not told.
    return { kind: 'reset', detail: `the machine reset itself ${when} (${reason})` };
  }
  const detail =
    reason === 'guest-shutdown'
      ? `the guest powered itself off ${when}`
      : `QEMU ended in order ${when}, and did not say why (${reason ?? 'no event'})`;
  return { kind: 'truncated', detail };
}
