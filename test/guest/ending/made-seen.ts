/** What is seen of a boot, made up: a QEMU that ended in order after some text, and what differs from that. */
import type { Ending } from '../../../harness/guest/ending/ending.ts';
import type { Seen } from '../../../harness/guest/ending/seen.ts';
import type { MachineFacts } from '../../../harness/guest/types.ts';
import { type ConsoleState, NOTHING_YET } from '../../../harness/guest/watch/console-watch.ts';
import { DEFAULT_GUEST } from '../../../harness/matrix/settings.ts';

export const TALKED: ConsoleState = { ...NOTHING_YET, bytes: 5000, phase: 'kernel', guestS: 1 };

export const machine = (qemuVersion: string): MachineFacts => ({
  qemuVersion,
  accelerator: 'tcg',
  machine: 'pc-i440fx-7.2',
  hpet: true,
  vcpus: 2,
  cpuFlags: {},
});

export const shutdown = (reason: string): Seen['events'] => [
  { event: 'SHUTDOWN', data: { guest: true, reason } },
];

export function made(more: Partial<Seen> = {}): Seen {
  return {
    launch: { guest: DEFAULT_GUEST },
    console: TALKED,
    floodBytes: 8_000_000,
    stop: null,
    exit: { exitCode: 0, signal: null, stderr: '' },
    events: [],
    outer: machine('7.2.22'),
    machine: machine('7.2.22'),
    full: null,
    appliance: null,
    ...more,
  };
}

/** What leads to such an end of the guest's own. */
export function leadingTo(own: Ending): Partial<Seen> {
  switch (own.kind) {
    case 'finished':
      return { console: { ...TALKED, ended: true }, stop: { kind: 'last-word' } };
    case 'panic':
      return { console: { ...TALKED, panicked: true } };
    case 'flood':
      return { console: { ...TALKED, bytes: own.bytes }, stop: { kind: 'flood' } };
    case 'reset':
      return { events: shutdown('guest-reset') };
    case 'truncated':
      return { events: shutdown('guest-shutdown') };
    case 'silent':
      return { stop: own };
    case 'stalled':
      return { stop: { ...own, wallMs: 61_000, moved: true } };
    case 'deadline':
      return { stop: { ...own, silentMs: 0 } };
    case 'host-fault':
      return { stop: { kind: 'frozen', ran: false, detail: own.detail } };
  }
}
