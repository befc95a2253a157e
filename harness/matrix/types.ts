/** What a matrix file says, after it has been checked and its defaults applied. */
import type { Exhibit } from './exhibit.ts';
import type { GuestSpec } from './settings.ts';

export type { Disturbance, RefDelay } from './ref-delay.ts';
export type { GuestSpec };

/** Where a kernel image comes from. Paths are absolute once the matrix is loaded. */
export type KernelSource =
  | { readonly kind: 'image'; readonly path: string; readonly sha256?: string }
  | { readonly kind: 'deb' | 'rpm'; readonly location: string; readonly sha256?: string }
  | { readonly kind: 'debian'; readonly package: string; readonly suite?: string }
  | BuildSource;

/** Where the source of a kernel to be built comes from. */
export type TreeSource =
  | { readonly kind: 'debian'; readonly package: string; readonly suite?: string }
  | { readonly kind: 'tarball'; readonly location: string; readonly sha256?: string }
  | {
      readonly kind: 'srpm';
      readonly location: string;
      readonly sha256?: string;
      /** With the distribution's patches: what rpmbuild -bp makes of it. */
      readonly prepared?: true;
    }
  | { readonly kind: 'git'; readonly location: string; readonly ref: string }
  | { readonly kind: 'directory'; readonly path: string };

/** What a configuration starts from: the small guest's own, a .config, or that of a package's kernel. */
export type ConfigBase =
  | { readonly kind: 'guest' }
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Its modules are left out, or built in where the guest configuration has them so. */
      readonly only?: 'guest';
    }
  | { readonly kind: 'deb'; readonly location: string; readonly sha256?: string };

interface ConfigRecipe {
  readonly base: ConfigBase;
  /** Files of options, in order; of two lines for one option the last counts. */
  readonly fragments: readonly string[];
  /** Options as CONFIG_X to value, as in a .config; after the fragments. */
  readonly set: Readonly<Record<string, string>>;
}

/** A file put into the tree: from a path of the user's, or a copy of another file of the tree. */
export type ExtraFile = { readonly path: string } | { readonly tree: string };

/** What the tree is compiled with. Words are program arguments, never shell text. */
export interface ToolchainRecipe {
  /** The compiler and arguments that every call of it gets. */
  readonly cc: readonly string[];
  readonly hostcc: readonly string[];
  readonly ld: readonly string[];
  readonly kcflags: readonly string[];
  readonly kaflags: readonly string[];
  readonly hostcflags: readonly string[];
  /** For the links that make vmlinux, and no other. */
  readonly ldflags: readonly string[];
  readonly arch?: string;
  /** Nothing is added that the tree's era needs: harness/kernel/era/. */
  readonly fixups?: 'none';
  /** Further variables on make's command line. */
  readonly make: Readonly<Record<string, string>>;
  /** Programs put in front of PATH, by the name they are called under. */
  readonly wrappers: Readonly<Record<string, string>>;
  /** Path in the tree to the file put there. */
  readonly extraFiles: Readonly<Record<string, ExtraFile>>;
}

/** A kernel that is built here. */
export interface BuildSource {
  readonly kind: 'build';
  readonly tree: TreeSource;
  /** A variant of a series file; applied before `patches`. */
  readonly series?: { readonly file: string; readonly variant: string };
  readonly patches: readonly string[];
  /** Commits of a git source, applied after the patches. */
  readonly cherryPick: readonly string[];
  /** How many lines of a hunk's context may differ: patch's -F. */
  readonly fuzz: number;
  readonly config: ConfigRecipe;
  readonly toolchain: ToolchainRecipe;
}

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

/** What may be expected of a kernel: all but a fault of the host. */
export const EXPECTABLE = [...REGISTRATIONS, ...FAILURES.filter((failure) => failure !== 'infra-error')];

/** How a test, or a part of one, may end. */
export const TEST_STATES = [
  /** It said so: exit code 0 and, of KTAP or TAP, every point of its plan. */
  'pass',
  'fail',
  /** Exit code 4, or a SKIP directive: it says nothing. */
  'skip',
  /** A signal ended it. */
  'crash',
  /** It ran until its time in the guest was over. */
  'timeout',
  /** It wrote more than is kept. */
  'flood',
  /** The guest's kernel could not start it. */
  'not-started',
  /** The guest never came so far, or died meanwhile. */
  'not-run',
] as const;
export type TestState = (typeof TEST_STATES)[number];

export interface Expectation {
  /** Any of these verdicts is expected. infra-error can never be expected. */
  readonly registration: readonly Exclude<Verdict, 'infra-error'>[];
  /** The current clocksource must be one of these. */
  readonly current?: readonly string[];
  /** The frequency the kernel settled on must be within this many ppm of the true one. */
  readonly accuracyPpm?: number;
  /** That frequency must be wrong by at least this many ppm. */
  readonly offByPpm?: number;
  /** How often the guest must have read its reference counters, counted from outside. */
  readonly reads?: Bounds;
  /** What the clock that programs get must be; each key by itself. */
  readonly clock?: ClockExpectation;
  /** Substrings, or /regular expressions/, that the guest's log must or must not hold. */
  readonly messages?: { readonly must: readonly string[]; readonly mustNot: readonly string[] };
  /** What tests must come to, by name or glob; of several that match, the last counts. Absent: all must pass. */
  readonly tests?: Readonly<Record<string, readonly TestState[]>>;
  /** Bounds of the numbers that tests wrote, by name or glob. */
  readonly numbers?: Readonly<Record<string, Bounds>>;
  /** Where it comes from, for people: "expect[2]" or "default". */
  readonly from: readonly string[];
  /** That it is so is a known issue. */
  readonly known?: KnownExpectation;
}

/** Why a cell shows what it should not, while nobody can mend it. */
export interface KnownIssue {
  readonly reason: string;
  /** Where it is tracked. */
  readonly url?: string;
  /** The last day that it is put up with, YYYY-MM-DD, UTC. */
  readonly until?: string;
}

export interface KnownExpectation extends KnownIssue {
  /** The rule that says so: "expect[2]". */
  readonly rule: string;
  /** What is expected once the issue is gone, or its last day is past: the rules without those of known issues. */
  readonly otherwise: Expectation;
}

/** A test of the user's own, before its files are read: one of `path`, `command` and `selftest` is there. */
export interface TestSpec {
  readonly name: string;
  /** A file or a folder: absolute, or relative to the matrix's folder, which it may not leave. */
  readonly path?: string;
  /** The folder that a relative path starts from, where that is not the plan's. */
  readonly root?: string;
  /** Of a folder: which file in it is started, if not "run". */
  readonly run?: string;
  /** A line for the guest's shell. */
  readonly command?: string;
  /** One of the kernel's own selftests, such as timers/nanosleep, and in a cell the tree that it is built from. */
  readonly selftest?: string;
  readonly tree?: TreeSource;
  readonly args: readonly string[];
  /** Guest time after which it is ended. */
  readonly timeoutMs: number;
}

/** A test of a matrix, with the cells that it is run in. */
export interface TestRule {
  readonly spec: TestSpec;
  /** Of a selftest: the kernel whose tree has it, if not the cell's. */
  readonly from?: string;
  readonly when: readonly Condition[];
  readonly place: Place;
}

export interface ClockExpectation {
  /** Whether CLOCK_MONOTONIC and CLOCK_REALTIME are read without entering the kernel. */
  readonly vdso?: boolean;
  /** What a call for CLOCK_MONOTONIC takes, ns. */
  readonly ns?: Bounds;
  /** The clock never went back, on any CPU or across them. */
  readonly warp?: 'none';
  /** How far the clock may run, and must run, from the true time, ppm. */
  readonly ratePpm?: Bounds;
}

/** Both included; at least one of them is there. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
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

interface Exclusion {
  readonly when: readonly Condition[];
  readonly place: Place;
}

/** Extra cells: the product of these axes, of which `kernel` is always one. */
export interface Include {
  readonly axes: readonly Axis[];
  readonly place: Place;
}

/** One entry of `expect`; absent keys leave what earlier rules said. */
export interface ExpectRule extends Partial<Omit<Expectation, 'from' | 'messages' | 'known'>> {
  readonly when: readonly Condition[];
  readonly known?: KnownIssue;
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
  /** In the order of the file; `kernel` is always one of them, the first if the file has no such axis. */
  readonly axes: readonly Axis[];
  readonly includes: readonly Include[];
  readonly excludes: readonly Exclusion[];
  readonly rules: readonly ExpectRule[];
  /** Absent without any. */
  readonly tests?: readonly TestRule[];
  /** Of a matrix of the museum. */
  readonly exhibit?: Exhibit;
  readonly warnings: readonly Problem[];
}
