/** Boots kernels in one cell, and says of each boot whether it was as expected. */
import { mkdir, rm } from 'node:fs/promises';
import { chooseAccelerator } from '../guest/accelerator.ts';
import { HostError } from '../host/errors.ts';
import type { Cell } from '../plan/types.ts';
import { launchOf } from '../run/boot-cell.ts';
import { bootOnce, logText } from '../run/boot-once.ts';
import { makeReady, type Ready } from '../run/make-ready.ts';
import { measureHostTsc, type TrueFrequency } from '../run/true-frequency.ts';
import { judgeCell } from '../verdict/outcome.ts';
import type { Observation } from '../verdict/types.ts';

export interface BenchOptions {
  readonly cell: Cell;
  readonly qemu: string;
  readonly timeoutS: number;
  readonly signal: AbortSignal;
  readonly tell: (text: string) => void;
}

export type Judged =
  | {
      readonly kind: 'answer';
      readonly met: boolean;
      readonly reason: string;
      readonly observation: Observation;
      readonly transcriptSha256: string | null;
      readonly seconds: number;
    }
  /** The host failed; it says nothing of the kernel. */
  | { readonly kind: 'fault'; readonly reason: string };

export interface Bench {
  /** Boots a kernel; what the guest left is in `folder`, which is made anew. */
  boot(kernelPath: string, folder: string): Promise<Judged>;
}

/** What all boots need is got with the first one. */
export function openBench(options: BenchOptions): Bench {
  const { cell, qemu, signal, tell } = options;
  let ready: Ready | undefined;
  let frequency: TrueFrequency | undefined;

  const prepare = async (kernelPath: string): Promise<Ready> => {
    const kernel = { name: cell.kernel, source: { kind: 'image', path: kernelPath } } as const;
    const plan = { name: 'bisect', matrixPath: '', matrixSha256: '', kernels: [kernel], cells: [cell] };
    return makeReady(plan, { qemu, signal, onProgress: (_, text) => tell(text) });
  };
  return {
    async boot(kernelPath, folder) {
      ready ??= await prepare(kernelPath);
      frequency ??= await measureHostTsc(signal);
      const launch = launchOf(cell, kernelPath, ready);
      if (launch === null) {
        const { reason } = chooseAccelerator(cell.guest.topology, cell.guest.clock, ready.trial);
        throw new HostError(
          'no-accelerator',
          reason,
          'choose a topology that this host has: tscmatrix doctor',
        );
      }
      // A boot that was cut off left a part of it.
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      const startedMs = performance.now();
      const { observation, evidence } = await bootOnce(launch, frequency, {
        folder,
        signal,
        limits: { deadlineMs: options.timeoutS * 1000 },
        onProgress: (phase, guestS) =>
          tell(`booting: ${phase}${guestS === null ? '' : `, guest ${guestS.toFixed(1)} s`}`),
      });
      if (signal.aborted) throw new HostError('interrupted', 'interrupted');
      const judged = judgeCell([{ observation, log: logText(evidence) }], cell.expectation);
      if (judged.outcome === 'infra-error') return { kind: 'fault', reason: observation.reason };
      return {
        kind: 'answer',
        met: judged.outcome === 'expected',
        reason: judged.reason,
        observation,
        transcriptSha256: evidence.transcriptSha256 ?? null,
        seconds: Math.round((performance.now() - startedMs) / 10) / 100,
      };
    },
  };
}
