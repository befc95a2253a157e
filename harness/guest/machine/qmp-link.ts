/** What a boot asks of its QEMU over QMP: the machine's facts once, and the guest's time during a silence. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MachineFacts } from '../types.ts';
import { readGuestSeconds, readMachineFacts } from './machine-questions.ts';
import { type DumpMade, dumpMemory, holdAtEnd } from './memory-dump.ts';
import { connectQmp, type Qmp, type QmpEvent } from './qmp.ts';

/** How long QEMU may take until it listens. */
const REACH_MS = 10_000;
/** How often the guest's time is asked for. */
const ASK_EVERY_MS = 500;

export interface QmpLink {
  /** Asks for the guest's time, at most twice a second; the answer belongs to the silence it was asked in. */
  askGuestTime(silenceSinceMs: number, nowMs: number): void;
  /** The last answer that was given in this silence; null if there is none. */
  guestS(silenceSinceMs: number): number | null;
  /** QEMU was asked to pause where it would end, and has come there (SHUTDOWN); it is still to be ended. */
  isHeld(): boolean;
  /** Writes the guest's memory to a file within QEMU's folder. Never rejects; it may take a minute. */
  dump(name: string): Promise<DumpMade>;
  /** Asks QEMU to end in order. */
  quit(): void;
  /** After QEMU has ended: all that it said. */
  finish(): Promise<{ readonly machine: MachineFacts | null; readonly events: readonly QmpEvent[] }>;
  close(): void;
}

/** Tries until QEMU has made its socket; null if it ends before. */
async function reach(path: string, isOver: () => boolean): Promise<Qmp | null> {
  const giveUp = Date.now() + REACH_MS;
  while (!isOver() && Date.now() < giveUp) {
    try {
      return await connectQmp(path);
    } catch {
      await sleep(5);
    }
  }
  return null;
}

/** Connects in the background, as soon as QEMU listens. `cpu` is the -cpu value whose flags are looked up; `holds`: pause where QEMU would end. */
export function linkQmp(path: string, cpu: string, isOver: () => boolean, holds = false): QmpLink {
  let qmp: Qmp | null = null;
  let machine: MachineFacts | null = null;
  let answer: { readonly silenceSinceMs: number; readonly guestS: number } | null = null;
  let askedMs = Number.NEGATIVE_INFINITY;
  let pending = false;
  let held = false;

  const introduced = reach(path, isOver).then(async (connected) => {
    qmp = connected;
    if (connected !== null && holds) held = await holdAtEnd(connected);
    if (connected !== null) machine = await readMachineFacts(connected, cpu).catch(() => null);
  });

  const ask = async (from: Qmp, silenceSinceMs: number): Promise<void> => {
    pending = true;
    try {
      answer = { silenceSinceMs, guestS: await readGuestSeconds(from) };
    } catch {
      answer = null;
    } finally {
      pending = false;
    }
  };

  return {
    askGuestTime: (silenceSinceMs, nowMs) => {
      if (qmp === null || pending || nowMs - askedMs < ASK_EVERY_MS) return;
      askedMs = nowMs;
      void ask(qmp, silenceSinceMs);
    },
    guestS: (silenceSinceMs) => (answer?.silenceSinceMs === silenceSinceMs ? answer.guestS : null),
    isHeld: () => held && qmp?.events.some(({ event }) => event === 'SHUTDOWN') === true,
    dump: async (name) => {
      await introduced;
      return qmp === null ? { none: 'QEMU did not answer over QMP' } : dumpMemory(qmp, name);
    },
    quit: () => void qmp?.execute('quit').catch(() => undefined),
    finish: async () => {
      await introduced;
      await qmp?.closed;
      return { machine, events: qmp?.events ?? [] };
    },
    close: () => qmp?.close(),
  };
}
