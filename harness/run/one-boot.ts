/** One guest, any kernel, without a matrix or a record. */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import type { Machine } from '../guest/types.ts';
import { makeScratch } from '../host/scratch.ts';
import type { KernelImage } from '../kernel/acquire.ts';
import { bootOnce, type Observed } from '../lab/boot-once.ts';
import { launchOf, needMachine, resolveMachine } from '../lab/machine.ts';
import { makeReady, type Ready } from '../lab/make-ready.ts';
import { measureHostTsc } from '../lab/true-frequency.ts';
import type { Expectation, GuestSpec, KernelEntry, TestSpec, Verdict } from '../matrix/types.ts';
import { cellId } from '../plan/cell-id.ts';
import type { Cell, Plan } from '../plan/types.ts';
import { endingText } from '../report/words.ts';

interface OneBootOptions {
  readonly qemu: string;
  readonly timeoutS: number;
  /** A new folder for the console and the evidence. */
  readonly keep: string | undefined;
  /** Keep there the memory of a guest that does not come to its end. */
  readonly dump?: boolean;
  readonly onProgress: (text: string) => void;
  /** Run in the guest once it has settled. */
  readonly tests?: readonly TestSpec[];
}

export interface OneBoot {
  readonly kernel: KernelImage;
  /** The cell's id. */
  readonly cell: string;
  readonly seen: Observed;
}

const EXPECTATION: Expectation = { registration: ['known-frequency', 'refined'], from: ['default'] };

/** With a known or a refined frequency. */
export function isRegistered(verdict: Verdict): boolean {
  return (EXPECTATION.registration as readonly Verdict[]).includes(verdict);
}

interface OneReady {
  readonly cell: Cell;
  readonly ready: Ready;
  readonly kernel: KernelImage;
  readonly machine: Machine;
}

/** All that one guest needs before it starts; `hint` if this host has no such machine. Throws HostFault, and what getting the kernel throws. */
export async function makeOneReady(
  entry: KernelEntry,
  guest: GuestSpec,
  { qemu, onProgress, tests = [] }: Pick<OneBootOptions, 'qemu' | 'onProgress' | 'tests'>,
  hint: string,
): Promise<OneReady> {
  const cell: Cell = {
    id: cellId(entry.name, guest),
    kernel: entry.name,
    guest,
    axes: {},
    expectation: EXPECTATION,
    ...(tests.length === 0 ? {} : { tests }),
  };
  const plan: Plan = { name: 'boot', matrixPath: '', matrixSha256: '', kernels: [entry], cells: [cell] };
  const ready = await makeReady(plan, { qemu, onProgress: (name, text) => onProgress(`${name}: ${text}`) });
  const kernel = ready.kernels.get(entry.name);
  if (kernel instanceof Error) throw kernel;
  if (kernel === undefined) throw new Error(`${entry.name} was not got`);
  return { cell, ready, kernel, machine: needMachine(resolveMachine(guest, ready), hint) };
}

/** Throws HostFault if this host cannot boot it, and what getting the kernel throws. */
export async function bootGuest(
  entry: KernelEntry,
  guest: GuestSpec,
  options: OneBootOptions,
): Promise<OneBoot> {
  const { timeoutS, keep, onProgress, dump = false } = options;
  const hint = 'use --topology nested, auto or tcg';
  const { cell, ready, kernel, machine } = await makeOneReady(entry, guest, options, hint);
  const launch = launchOf(cell, machine, kernel.path, ready);
  const scratch = keep === undefined ? await makeScratch() : null;
  try {
    onProgress(`booting ${entry.name}`);
    const seen = await bootOnce(launch, await measureHostTsc(), {
      folder: scratch?.path ?? (await keepFolder(keep ?? '')),
      limits: { deadlineMs: timeoutS * 1000 },
      dump,
      onRetry: async ({ ending }) => onProgress(`trying again after ${endingText(ending)}`),
    });
    return { kernel, cell: cell.id, seen };
  } finally {
    await scratch?.remove();
  }
}

async function keepFolder(path: string): Promise<string> {
  try {
    await mkdir(path);
  } catch (error) {
    throw new UserError(
      `--keep ${path}: ${(error as Error).message}`,
      'name a folder that does not exist yet',
    );
  }
  return resolve(path);
}
