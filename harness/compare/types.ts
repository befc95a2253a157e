/** What a comparison of two runs says. Plain data: it is printed as JSON as it is, and every view is made from it. */
import type { Verdict } from '../matrix/types.ts';
import type { CellResult } from '../record/run-view.ts';
import type { Cause, Outcome } from '../verdict/types.ts';

/** Raised when a program that reads the previous version could misread a document. */
export const COMPARISON_VERSION = 1;

/** What became of a cell from one run to the other; what needs a look comes first. Documented in docs/compare.md. */
export const CHANGES = [
  /** Was as expected and is not any more, with the same inputs. */
  'regressed',
  /** Its boots differ among themselves in one of the runs. */
  'flaky',
  /** The results differ, and so do the inputs or the judging; or one run has no result of it. */
  'not-comparable',
  /** Another verdict, with the same outcome. */
  'changed',
  /** Was not as expected and is now, with the same inputs. */
  'fixed',
  /** Only the first run has it. */
  'gone',
  /** Only the second run has it. */
  'new',
  /** The same verdict and outcome, other evidence: another transcript, or in real time other facts. */
  'evidence-only',
  /** The same verdict, outcome and facts; that the bytes are the same is not shown, or the inputs differ. */
  'same',
  /** The same transcript, byte for byte, from the same inputs: by their hashes alone. */
  'identical',
] as const;
export type Change = (typeof CHANGES)[number];

/** What a result rests on besides the guest's own doing. */
export const INPUTS = [
  /** The kernel's image, by digest. */
  'kernel',
  /** QEMU, by version and digest of its program. */
  'qemu',
  /** CPU, number of CPUs, kernel, hypervisor and clocksource of the host. */
  'host',
  /** The probe's initramfs, by digest. */
  'initramfs',
  /** Another file that goes into guests, by digest. */
  'file',
  /** A test of the user's own, by the digest of its files and arguments. */
  'test',
  'command-line',
  /** QEMU's other arguments, the paths of files left out. */
  'qemu-arguments',
  /** What runs the guest: tcg or kvm. */
  'accelerator',
  /** Real or deterministic. */
  'clock',
  /** Another setting of the guest. */
  'guest',
  /** What the matrix expects of the cell. */
  'expectation',
  /** The program that judged. */
  'tscmatrix',
] as const;
export type Input = (typeof INPUTS)[number];

/** An input that differs. `what` says which part of it, `before` and `after` are for people (digests are shortened). */
export interface InputDifference {
  readonly input: Input;
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** Something that the two results say differently, for example the current clocksource. Null: not known. */
export interface FactDifference {
  readonly what:
    | 'outcome'
    | 'verdict'
    | 'current'
    | 'available'
    | 'cause'
    | 'clock'
    | 'tests'
    | 'transcript'
    | 'accuracy';
  readonly before: string | null;
  readonly after: string | null;
}

interface BootSide {
  readonly boot: number;
  readonly verdict: Verdict;
  readonly transcriptSha256: string | null;
  readonly wallMs: number;
  /** Folder of the boot within the run's folder. */
  readonly folder: string;
}

/** A cell as one of the runs has it. */
export interface CellSide extends CellResult {
  /** One for each boot. */
  readonly verdicts: readonly Verdict[];
  /** Each that a boot showed, once. Guests wrote these: not safe to show as they are. */
  readonly current: readonly string[];
  /** Each list that a boot showed, once, sorted and joined by blanks. */
  readonly available: readonly string[];
  readonly causes: readonly Cause[];
  /** The clock that programs got, each that a boot showed, once; on counted instructions with what a call takes. */
  readonly clocks: readonly string[];
  /** "NAME STATE" of each test of the user's own and of its parts, each that a boot showed, once. */
  readonly tests: readonly string[];
  /** The one furthest off; null where none is known. */
  readonly ppm: number | null;
  /** Boots that ended, in order. */
  readonly boots: readonly BootSide[];
  readonly kernelRelease: string | null;
  readonly kernelSha256: string | null;
}

export interface CellComparison {
  /** The cell's id, the same in both runs. */
  readonly id: string;
  readonly kernel: string;
  /** Its row in a table of guests, as in "hpet=off smp=2". */
  readonly row: string;
  readonly clock: string;
  readonly change: Change;
  /** What the results say if one does not ask why; null if a run has no result. */
  readonly direction: 'worse' | 'better' | 'other' | 'same' | null;
  /** One sentence: how the change came about. */
  readonly why: string;
  /** Inputs that differ; for a cell of a deterministic clock with equal transcripts, the host is none. */
  readonly inputs: readonly InputDifference[];
  /** Inputs that one of the records does not know, so that nothing can be said of them. */
  readonly unknown: readonly Input[];
  readonly facts: readonly FactDifference[];
  readonly before: CellSide | null;
  readonly after: CellSide | null;
}

export interface RunSide {
  readonly run: string;
  /** Absolute. */
  readonly dir: string;
  readonly matrix: { readonly name: string; readonly sha256: string };
  readonly startedAt: string;
  readonly state: 'finished' | 'running' | 'incomplete';
  /** Null if the run did not finish. */
  readonly exitCode: number | null;
  readonly cells: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** What was wrong with the record, for people. */
  readonly problems: readonly string[];
}

export interface RunComparison {
  readonly version: number;
  readonly before: RunSide;
  readonly after: RunSide;
  /** Differences of the runs as wholes: host, QEMU, files, kernels, matrix, tscmatrix. Each is named once. */
  readonly differences: readonly (InputDifference | MatrixDifference)[];
  readonly counts: Readonly<Record<Change, number>>;
  /** Cells of both runs that could be compared. */
  readonly compared: number;
  /** Cells that count for exit code 1: regressed, flaky now, or worse with other inputs. */
  readonly worse: number;
  /** Worst change first, within one in the order of the second run's plan. */
  readonly cells: readonly CellComparison[];
  /** What to type to learn which commit did it; absent in documents of earlier versions. */
  readonly bisections: readonly Bisection[];
  /** Of cells that are worse, if they were booted again. */
  readonly confirmations?: readonly Confirmation[];
  /** One sentence on the whole. */
  readonly conclusion: string;
  readonly exitCode: number;
}

/** A cell that is worse, booted again with the kernels of both runs. */
export interface Confirmation {
  readonly cell: string;
  /** What it comes to; `unavailable`: it could not be booted again. */
  readonly kind: 'kernel' | 'not-the-kernel' | 'same-kernel' | 'flaky' | 'not-again' | 'unavailable';
  readonly why: string;
  /** Boots with the kernel of the later run, and those that were not as expected. */
  readonly after?: { readonly boots: number; readonly worse: number };
  /** With that of the earlier one; null if it is the same image. */
  readonly before?: { readonly boots: number; readonly worse: number } | null;
}

/** A search between the commits that a kernel was built from in both runs. */
export interface Bisection {
  readonly kernel: string;
  /** Its cells that are worse. */
  readonly cells: number;
  /** Quoted for a shell. */
  readonly command: string;
}

/** The matrix file itself: its cells may differ or not. */
export interface MatrixDifference {
  readonly input: 'matrix';
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** One input of a cell. `value` decides, `text` is for people; a value of null is not known. */
export interface InputFact {
  readonly input: Input;
  readonly what: string;
  readonly value: string | null;
  readonly text: string;
}
