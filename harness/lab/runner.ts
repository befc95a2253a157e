/** Boots any kernel in any of the guests that it was made ready for, outside a run. What bisect, sweep and validate share. */
import { mkdir, rm } from 'node:fs/promises';
import type { Evidence } from '../evidence/evidence.ts';
import type { Accelerator } from '../matrix/accelerators.ts';
import type { Cell } from '../plan/types.ts';
import type { TrueKhz } from '../verdict/clock.ts';
import type { Observation } from '../verdict/types.ts';
import { bootOnce, logText } from './boot-once.ts';
import { launchOf, needMachine, resolveMachine } from './machine.ts';
import { makeReady, type Ready } from './make-ready.ts';
import { runBoth } from './schedule.ts';
import { measureHostTsc } from './true-frequency.ts';

interface RunnerOptions {
  /** The matrix that the cells' tests are named in; without it their paths start from the current folder. */
  readonly matrixPath?: string;
  /** Guests of every kind that will be booted: they decide what is made ready. A ref-delay makes no other kind. */
  readonly cells: readonly Cell[];
  readonly qemu: string;
  readonly timeoutS: number;
  readonly onProgress: (text: string) => void;
}

export interface BootResult {
  readonly kind: 'seen';
  readonly observation: Observation;
  /** The kernel's log, for messages that are looked for; null if there is none. */
  readonly log: string | null;
  readonly evidence: Evidence;
  /** What the probe measured of its own reads, with the delay of the guest in it. */
  readonly readCycles: ReadCycles;
  readonly registeredS: number | null;
  readonly transcriptSha256: string | null;
  /** Wall time, attempts that failed included. */
  readonly seconds: number;
  readonly accelerator: Accelerator;
}

/** A host fault says nothing of the kernel. */
export type BootFault = { readonly kind: 'host-fault'; readonly reason: string };
export type BootOutcome = BootResult | BootFault;

/** Medians, TSC cycles; null if the guest has no such counter or the probe may not read it. */
export interface ReadCycles {
  readonly pm: number | null;
  /** Three reads in a row, which is one sample of tsc_read_refs(). */
  readonly pm3: number | null;
  readonly hpet: number | null;
}

export interface Runner {
  /**
   * Boots a kernel; what the guest left is in `folder`, which is made anew. Any number at once. Throws HostFault if
   * this host cannot boot such a guest at all.
   */
  boot(
    cell: Cell,
    kernelPath: string,
    folder: string,
    onProgress?: (phase: string, guestS: number | null) => void,
  ): Promise<BootOutcome>;
  /** What the guests run on and in, made with the first boot; null before it. */
  ready(): Ready | null;
}

const NO_ACCELERATOR = 'choose a topology that this host has: tscmatrix doctor';

/** What all boots need is got with the first one. */
export function openRunner(options: RunnerOptions): Runner {
  const { cells, qemu, onProgress, timeoutS, matrixPath = '' } = options;
  let preparing: Promise<[Ready, TrueKhz]> | undefined;
  let made: Ready | null = null;

  const prepare = async (kernelPath: string): Promise<[Ready, TrueKhz]> => {
    const kernel = { name: cells[0]?.kernel ?? '', source: { kind: 'image', path: kernelPath } } as const;
    const plan = { name: 'bench', matrixPath, matrixSha256: '', kernels: [kernel], cells };
    return runBoth(
      () => makeReady(plan, { qemu, onProgress: (_, text) => onProgress(text) }),
      measureHostTsc,
    );
  };
  return {
    ready: () => made,
    async boot(cell, kernelPath, folder, onPhase) {
      preparing ??= prepare(kernelPath);
      const [ready, frequency] = await preparing;
      made = ready;
      const machine = needMachine(resolveMachine(cell.guest, ready), NO_ACCELERATOR);
      const launch = launchOf(cell, machine, kernelPath, ready);
      // A boot that was cut off left a part of it.
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      const startedMs = performance.now();
      const { observation, evidence } = await bootOnce(launch, frequency, {
        folder,
        limits: { deadlineMs: timeoutS * 1000 },
        ...(onPhase === undefined ? {} : { onProgress: onPhase }),
      });
      if (observation.verdict === 'infra-error') return { kind: 'host-fault', reason: observation.reason };
      return {
        kind: 'seen',
        observation,
        log: logText(evidence),
        evidence,
        readCycles: readCyclesOf(evidence),
        registeredS: registeredAt(evidence),
        transcriptSha256: evidence.transcriptSha256,
        seconds: Math.round((performance.now() - startedMs) / 10) / 100,
        accelerator: launch.accelerator,
      };
    },
  };
}

function readCyclesOf({ report }: Evidence): ReadCycles {
  const median = (source: string): number | null => {
    const cost = report.refcost.find(({ value }) => value.source === source)?.value;
    return cost?.kind === 'measured' ? cost.median : null;
  };
  return { pm: median('pm'), pm3: median('pm3'), hpet: median('hpet') };
}

/**
 * Guest time at which tsc was registered, s since boot: the stamp of the line that clocksource.c prints (from 4.1), else the
 * probe's first poll that lists tsc, which is late by up to its interval. Null if it was never registered.
 */
function registeredAt({ facts, report }: Evidence): number | null {
  const line = facts.registered.find(({ name }) => name === 'tsc');
  if (line?.timeS != null) return line.timeS;
  const poll = report.polls.find(({ value }) => value.available.includes('tsc'));
  return poll === undefined ? null : poll.value.tNs / 1e9;
}
