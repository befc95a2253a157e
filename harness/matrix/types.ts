/** What a matrix file says, after it has been checked and its defaults applied. */

export type Topology = 'tcg' | 'kvm' | 'auto';
export type ClockMode = 'real' | 'deterministic';

/** Every setting of a guest. Together with the kernel these decide the QEMU command line. */
export interface GuestSpec {
  readonly topology: Topology;
  readonly clock: ClockMode;
  /** QEMU's -cpu value: a model and its flags, for example "max" or "EPYC,+invtsc". */
  readonly cpu: string;
  readonly hpet: boolean;
  /** The ACPI PM timer as the guest kernel sees it; false adds pmtmr=0 to the command line. */
  readonly pmtimer: boolean;
  readonly smp: number;
  readonly memoryMiB: number;
  /** A versioned QEMU machine type, for example pc-i440fx-7.2. */
  readonly machine: string;
  /** Additions to the kernel command line. */
  readonly append: string;
}

/** Where a kernel image comes from. Paths are absolute once the matrix is loaded. */
export type KernelSource =
  | { readonly kind: 'image'; readonly path: string; readonly sha256?: string }
  | { readonly kind: 'deb' | 'rpm'; readonly location: string; readonly sha256?: string }
  | { readonly kind: 'debian'; readonly package: string; readonly suite?: string };

export interface KernelEntry {
  readonly name: string;
  readonly source: KernelSource;
}

export const REGISTRATIONS = [
  'known-frequency',
  'refined',
  'unrefined',
  'never',
  'unstable',
  'undetermined',
] as const;
export type Registration = (typeof REGISTRATIONS)[number];

/** Verdicts of a cell that never came to a registration, worst first. */
export const FAILURES = [
  'infra-error',
  'build-failed',
  'boot-failed',
  'panicked',
  'hung',
  'no-evidence',
] as const;
export type Failure = (typeof FAILURES)[number];
export type Verdict = Failure | Registration;

export interface Expectation {
  /** Any of these verdicts is expected. infra-error can never be expected. */
  readonly registration: readonly Exclude<Verdict, 'infra-error'>[];
  /** The current clocksource must be one of these. */
  readonly current?: readonly string[];
  /** The frequency the kernel settled on must be within this many ppm of the true one. */
  readonly accuracyPpm?: number;
  /** Substrings, or /regular expressions/, that the guest's log must or must not hold. */
  readonly messages?: { readonly must: readonly string[]; readonly mustNot: readonly string[] };
  /** Where it comes from, for people: "expect[2]" or "default". */
  readonly from: readonly string[];
}

/** Where something stands in a matrix file: 1-based line and column, and the key path for people. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

/** One value of an axis: what it is called, and the guest settings it stands for. */
export interface AxisValue {
  readonly name: string;
  readonly settings: Partial<GuestSpec>;
  readonly place: Place;
}

/** `kernel`, `guest` (presets), a guest setting, or a name of the matrix's own. */
export interface Axis {
  readonly name: string;
  readonly values: readonly AxisValue[];
}

/** A condition on one axis or guest setting: any of the patterns (`*` and `?` are wild), or none of them. */
export interface Condition {
  readonly key: string;
  readonly not: boolean;
  readonly patterns: readonly string[];
}

export interface Exclusion {
  readonly when: readonly Condition[];
  readonly place: Place;
}

/** Extra cells: the product of these axes, of which `kernel` is always one. */
export interface Include {
  readonly axes: readonly Axis[];
  readonly place: Place;
}

/** One entry of `expect`; absent keys leave what earlier rules said. */
export interface ExpectRule {
  readonly when: readonly Condition[];
  readonly registration?: Expectation['registration'];
  readonly current?: readonly string[];
  readonly accuracyPpm?: number;
  readonly must?: readonly string[];
  readonly mustNot?: readonly string[];
  /** Its place in the list, for people: "expect[2]". */
  readonly from: string;
  readonly place: Place;
}

/** Something wrong, or worth a word, at a place of a matrix file. */
export interface Problem extends Place {
  readonly file: string;
  readonly message: string;
  readonly hint?: string;
}

/** A matrix file, checked. */
export interface Matrix {
  readonly name: string;
  readonly path: string;
  /** sha256 of the file's bytes. */
  readonly sha256: string;
  readonly kernels: readonly KernelEntry[];
  /** The settings of a guest before any axis has spoken: `defaults` over the documented defaults. */
  readonly base: GuestSpec;
  /** In the order of the file; `kernel` is always one of them, the first where the file has no such axis. */
  readonly axes: readonly Axis[];
  readonly includes: readonly Include[];
  readonly excludes: readonly Exclusion[];
  readonly rules: readonly ExpectRule[];
  readonly warnings: readonly Problem[];
}
