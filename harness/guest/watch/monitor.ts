/** Follows one running QEMU to its end: looks at its console, asks for its time in a silence, ends it when due. */
import { setTimeout as sleep } from 'node:timers/promises';
import { stopIfInterrupted } from '../../host/interruption.ts';
import type { QemuExit, Stop } from '../ending/seen.ts';
import type { DumpMade } from '../machine/memory-dump.ts';
import type { QmpEvent } from '../machine/qmp.ts';
import type { QmpLink } from '../machine/qmp-link.ts';
import type { QemuProcess } from '../qemu-process.ts';
import type { Launch, MachineFacts } from '../types.ts';
import {
  type ConsoleFile,
  type ConsoleState,
  NOTHING_YET,
  openConsoleFile,
  type Phase,
  watchLines,
} from './console-watch.ts';
import type { Limits } from './limits.ts';
import {
  ASK_AFTER_MS,
  follow,
  judgeSilence,
  type Sample,
  type Silence,
  startSilence,
} from './progress-watch.ts';

/** How often the console is looked at. */
const LOOK_MS = 20;

interface MonitorInput {
  readonly launch: Launch;
  readonly limits: Limits;
  readonly qemu: QemuProcess;
  readonly link: QmpLink;
  readonly consolePath: string;
  readonly onProgress: ((phase: Phase, guestS: number | null) => void) | undefined;
  /** A guest that did not come to its end marker leaves its memory in a file of this name in QEMU's folder. */
  readonly dumpTo: string | undefined;
}

interface Monitored {
  readonly console: ConsoleState;
  readonly stop: Stop | null;
  readonly exit: QemuExit;
  readonly events: readonly QmpEvent[];
  readonly machine: MachineFacts | null;
  readonly cpuMs: number;
  /** Null: none was asked for, or the guest came to its end. */
  readonly dump: DumpMade | null;
}

/** Takes what the console has gained; a flood is not read further than it takes to see it. */
async function catchUp(before: ConsoleState, file: ConsoleFile, input: MonitorInput): Promise<ConsoleState> {
  let console = before;
  while (console.bytes <= input.limits.floodBytes) {
    const growth = await file.readMore();
    if (growth.bytes === 0) break;
    console = watchLines(console, growth.lines, growth.bytes, input.launch);
    input.onProgress?.(console.phase, console.guestS);
  }
  return console;
}

/** Watches until QEMU has ended by itself, or until there is a reason to end it. */
async function watch(
  input: MonitorInput,
  file: ConsoleFile,
): Promise<{ console: ConsoleState; stop: Stop | null; cpuMs: number }> {
  const { limits, qemu, link } = input;
  const started = performance.now();
  let console = NOTHING_YET;
  let quiet = startSilence({ wallMs: 0, cpuMs: 0, waitedMs: null, consoleBytes: 0, guestS: null });
  let lastWordMs: number | null = null;
  let stop: Stop | null = null;
  let cpuMs = 0;
  while (qemu.exit() === null && stop === null) {
    await Promise.race([qemu.exited, sleep(LOOK_MS)]);
    cpuMs = await qemu.cpuMs();
    console = await catchUp(console, file, input);
    const wallMs = performance.now() - started;
    const guestS = link.guestS(quiet.sinceWallMs);
    // Only in a silence, so that a healthy guest is never disturbed.
    const ask = console.bytes === quiet.consoleBytes && wallMs - quiet.sinceWallMs > ASK_AFTER_MS;
    const waitedMs = ask ? await qemu.waitedMs() : null;
    const look: Sample = { wallMs, cpuMs, waitedMs, consoleBytes: console.bytes, guestS };
    quiet = follow(quiet, look);
    if (ask) link.askGuestTime(quiet.sinceWallMs, wallMs);
    if (console.ended || console.panicked) lastWordMs ??= wallMs;
    stopIfInterrupted('the boot');
    if (qemu.exit() !== null) break;
    if (link.isHeld()) {
      // Its last words may have come since the look.
      console = await catchUp(console, file, input);
      break;
    }
    stop = stopNow({ look, quiet, console, lastWordMs }, limits);
  }
  return { console, stop, cpuMs };
}

/** How long QEMU may take to write a guest's memory, and to end when it is asked to, ms. */
const DUMP_MS = 120_000;
const QUIT_MS = 5_000;

/** Waits for something of QEMU's; undefined if QEMU ends before, or it takes longer. */
async function within<T>(work: Promise<T>, ms: number, { qemu }: MonitorInput): Promise<T | undefined> {
  const done = work.then((value) => ({ value }));
  const giveUp = performance.now() + ms;
  while (performance.now() < giveUp) {
    const first = await Promise.race([done, qemu.exited, sleep(LOOK_MS)]);
    if (typeof first === 'object' && 'value' in first) return first.value;
    stopIfInterrupted('the dump');
    if (qemu.exit() !== null) return undefined;
  }
  return undefined;
}

async function dumpOf(console: ConsoleState, input: MonitorInput): Promise<DumpMade | null> {
  const { dumpTo, link, qemu, launch } = input;
  if (dumpTo === undefined || console.ended) return null;
  if (launch.nested !== undefined)
    return { none: 'its memory is that of a program in the appliance: take topology tcg or kvm' };
  if (qemu.exit() !== null) return { none: 'QEMU had ended: before 6.0 it cannot be held' };
  const made = await within(link.dump(dumpTo), DUMP_MS, input);
  return made ?? { none: `QEMU ended, or took more than ${DUMP_MS / 1000} s` };
}

async function endInOrder(input: MonitorInput): Promise<void> {
  input.link.quit();
  await within(input.qemu.exited, QUIT_MS, input);
}

/** QEMU is gone when this returns, however it returns. */
export async function monitorGuest(input: MonitorInput): Promise<Monitored> {
  const { limits, qemu, link } = input;
  const file = await openConsoleFile(input.consolePath);
  try {
    const watched = await watch(input, file);
    const dump = await dumpOf(watched.console, input);
    // A QEMU that was held would have ended in order, and is to be seen so.
    if (link.isHeld()) await endInOrder(input);
    qemu.kill();
    const exit = await qemu.exited;
    const { machine, events } = await link.finish();
    const console = await catchUp(watched.console, file, input);
    if (console.bytes > limits.floodBytes) await file.cut(limits.floodBytes);
    return { console, stop: watched.stop, exit, events, machine, cpuMs: watched.cpuMs, dump };
  } finally {
    qemu.kill();
    await qemu.exited;
    link.close();
    await file.close();
  }
}

/** Whether a running guest is to be ended now, and why. Pure: time comes as arguments. */
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
