/** Kernels that are made up of what tsc_refine_calibration_work() does, and a runner that boots them without a guest. */
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { type GradedEnd, isDisturbed } from '../../harness/lab/margin/graded.ts';
import { READS_A_SAMPLE, type Reference } from '../../harness/lab/margin/limits.ts';
import type { BootOutcome, Runner } from '../../harness/lab/runner.ts';
import type { Disturbance, Verdict } from '../../harness/matrix/types.ts';

export interface MadeUp {
  readonly reference: Reference;
  readonly khz: number;
  /** Of a sample, undelayed, as the probe measures it; the kernel's own takes `more` beyond it. */
  readonly sample: number;
  readonly more: number;
  readonly limit: number;
  /** Reads of the kernel before its refinement. */
  readonly before: number;
  /** A disturbed read takes so much longer than it should, ns. */
  readonly late?: number;
  /** Cycles of interrupts that a try of a sample may hold, or not. */
  readonly interrupts?: number;
}

export const PM: MadeUp = {
  reference: 'pm',
  khz: 1_000_000,
  sample: 13_208,
  more: 37,
  limit: 50_000,
  before: 20,
};

/** Cycles of the sample that the kernel takes from read number `first` on. */
function sampleFrom(kernel: MadeUp, first: number, delayNs: number, disturbance: Disturbance | null): number {
  const { reference, khz, sample, more } = kernel;
  let ns = 0;
  for (let i = 0; i < READS_A_SAMPLE[reference]; i++) {
    const isLonger =
      disturbance?.kind === 'random' &&
      isDisturbed(reference, disturbance.seed, first + i, disturbance.probability);
    ns += delayNs + (isLonger ? disturbance.ns + (kernel.late ?? 0) : 0);
  }
  // Which tries are hit is as good as chance, and the same each time.
  const hit = ((first * 2_654_435_761 + Math.round(delayNs)) % 997) / 997;
  return sample + more + (ns * khz) / 1e6 + Math.round(hit * (kernel.interrupts ?? 0));
}

/** Five tries for each sample, the start sample once a second for eight seconds; a bad stop sample is registered unrefined. */
export function refine(
  kernel: MadeUp,
  delayNs: number,
  disturbance: Disturbance | null = null,
): { end: GradedEnd; registers: boolean; reads: number } {
  const each = READS_A_SAMPLE[kernel.reference];
  let reads = kernel.before;
  const accepted = (): boolean => {
    for (let i = 0; i < 5; i++) {
      const cycles = sampleFrom(kernel, reads + 1, delayNs, disturbance);
      reads += each;
      if (cycles < kernel.limit) return true;
    }
    return false;
  };
  for (let second = 0; second < 8; second++) {
    if (!accepted()) continue;
    const end = accepted() ? 'refined' : 'unrefined';
    return { end, registers: true, reads };
  }
  return { end: 'never', registers: false, reads };
}

/** What a boot shows in place of what the made-up kernel does; undefined leaves it. */
export type Instead = (delayNs: number, boot: number) => Verdict | 'fault' | undefined;

/** A runner whose every kernel is the made-up one. `booted` is told the folder of each boot. */
export function madeUpRunner(
  kernel: MadeUp,
  instead: Instead = () => undefined,
  booted: (folder: string) => void = () => {},
): Runner {
  const evidence = gatherEvidence(new Uint8Array(), '00000000');
  let boots = 0;
  return {
    ready: () => null,
    async boot({ guest }, _path, folder): Promise<BootOutcome> {
      boots++;
      booted(folder);
      const { pmNs, hpetNs, disturbance } = guest.refDelay;
      const delayNs = kernel.reference === 'pm' ? pmNs : hpetNs;
      const { end, registers, reads } = refine(kernel, delayNs, disturbance);
      const verdict = instead(delayNs, boots) ?? end;
      if (verdict === 'fault') return { kind: 'host-fault', reason: 'out of memory' };
      const counts = kernel.reference === 'pm' ? { pm: reads, hpet: 0 } : { pm: 20, hpet: reads };
      return {
        kind: 'seen',
        observation: {
          verdict,
          reason: 'made up',
          current: 'kvm-clock',
          available: ['kvm-clock'],
          kernelKhz: kernel.khz,
          trueKhz: kernel.khz,
          trueKhzFrom: 'made up',
          ppm: 0,
          readCounts: counts,
          diagnosis: null,
          differences: [],
        },
        log: null,
        evidence,
        readCycles: { pm: kernel.sample / 3, pm3: kernel.sample, hpet: kernel.sample },
        registeredS: registers ? 1.25 : null,
        transcriptSha256: null,
        seconds: 0,
        accelerator: 'nested',
      };
    },
  };
}
