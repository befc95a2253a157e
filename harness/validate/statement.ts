/** What a validation says of one backport, as data: report.json has it, the statement is written from it. */
import type { Provenance } from '../record/provenance/provenance-types.ts';
import type { JudgedMargin, MarginComparison } from './margins.ts';
import type { PatchReport } from './patch/types.ts';
import type { Comparison, Conclusion, Judged } from './types.ts';

export const STATEMENT_VERSION = 1;

export interface Statement {
  readonly version: typeof STATEMENT_VERSION;
  readonly backport: { readonly kernel: string; readonly what: string };
  readonly base: string;
  readonly reference: string;
  readonly conclusion: Conclusion;
  readonly guests: readonly (Comparison & Pick<Judged, 'finding' | 'why' | 'offPpm'>)[];
  readonly margins: readonly (MarginComparison & Pick<JudgedMargin, 'finding' | 'why'>)[];
  /** Frequencies that differ by no more count as the same, ppm. */
  readonly tolerancePpm: number;
  readonly boots: BootFacts;
  /** Null if the backport cannot be looked at as a patch. */
  readonly patch: PatchReport | null;
  /** The run's folder below the results. */
  readonly run: string;
  /** Absent if it came to its end. */
  readonly cutOff?: CutOff;
  readonly inputs: Inputs;
}

/** A signal ended the validation before it was done. */
export interface CutOff {
  /** Guests that have answered under all three kernels, of how many. */
  readonly answered: number;
  readonly guests: number;
  /** What was left, in words. */
  readonly left: string;
}

export interface BootFacts {
  /** Of each kernel in each guest. */
  readonly repeats: number;
  /** All guests ran on counted instructions: a boot gives the same each time. */
  readonly deterministic: boolean;
}

/** Digests of everything that the answer rests on. */
export interface Inputs {
  readonly tscmatrix: string;
  readonly matrixSha256: string;
  readonly kernels: readonly {
    readonly name: string;
    readonly origin: string;
    readonly sha256: string | null;
  }[];
  readonly patches: readonly { readonly name: string; readonly sha256: string }[];
  readonly qemu: string;
  readonly appliance: string | null;
  readonly initramfs: string | null;
  /** What to type. */
  readonly command: readonly string[];
}

export function inputsOf(
  provenance: Provenance,
  patches: Inputs['patches'],
  command: readonly string[],
): Inputs {
  const { tscmatrix, matrix, pinnedQemu, qemu, appliance, kernels, files } = provenance;
  const commit = tscmatrix.commit.value === null ? 'commit not known' : String(tscmatrix.commit.value);
  const modified = tscmatrix.dirty.value === true ? ', modified' : '';
  return {
    tscmatrix: `${tscmatrix.version} (${commit}${modified})`,
    matrixSha256: matrix.sha256,
    kernels: kernels.map(({ name, origin, sha256 }) => ({
      name,
      origin,
      sha256: sha256.value as string | null,
    })),
    patches,
    qemu:
      pinnedQemu === undefined
        ? `system ${qemu.version.value ?? 'version not known'}, sha256 ${qemu.sha256.value ?? 'not known'}`
        : `pinned ${pinnedQemu.version}, behaviour ${pinnedQemu.behaviour}`,
    appliance: appliance?.sha256 ?? null,
    initramfs: (files.find(({ name }) => name === 'initramfs')?.sha256.value as string | undefined) ?? null,
    command,
  };
}
