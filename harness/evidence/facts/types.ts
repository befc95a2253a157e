/** What a kernel log and the commands around it say about the TSC clocksource. */
import type { Doubt } from '../log-lines.ts';
import type { Statement } from '../shell.ts';

/** One log line that says something. */
export interface Found {
  /** 1-based number in the text at hand. */
  readonly line: number;
  /** What was printed later has a higher one. */
  readonly order: number;
  readonly text: string;
  /** Seconds since boot, null if the line does not say. */
  readonly timeS: number | null;
  /** `timeS` was made of the time of day: differences of a second and less mean nothing. */
  readonly byWallClock: boolean;
}

export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** RHEL and its rebuilds: the release (7, 8, 9...) and the build number (957 in 3.10.0-957.el7). */
  readonly el: { readonly release: number; readonly build: number } | null;
}

export interface LogShape {
  /** `whole`: begins at "Linux version" and reaches user space. `none`: no kernel message in it. */
  readonly kind: 'whole' | 'excerpt' | 'none';
  readonly kernelLines: number;
  readonly beginsAtBoot: boolean;
  readonly reachesUserSpace: boolean;
  /** The latest seconds-since-boot stamp. */
  readonly lastS: number | null;
  /**
   * The excerpt shows messages that name "tsc", so that a missing one is evidence: by its grep command, or
   * because it holds other messages of the kind that only such a grep leaves standing together.
   */
  readonly showsTscMessages: 'command' | 'content' | null;
}

export interface Frequency extends Found {
  readonly khz: number;
  /** "processor" or "TSC" for a detected one. */
  readonly of: string;
}

export interface Named extends Found {
  readonly name: string;
}

export interface Mark extends Found {
  /** The text after "due to". */
  readonly reason: string;
}

export type CalibrationKind =
  | 'fast-pit'
  | 'fast-failed'
  | 'pit-failed'
  | 'no-reference'
  | 'reference-failed'
  | 'reference-used'
  | 'pit-used'
  | 'pit-matches'
  | 'pit-deviates'
  | 'from-hypervisor'
  | 'khz-unknown'
  | 'recalibrate-differs'
  | 'recalibrated';
export interface Calibration extends Found {
  readonly kind: CalibrationKind;
}

export interface WatchdogEvent extends Found {
  /** `skew`: the rates differ. `slow-read`: reading took too long. `cpu-skew`: CPUs differ. */
  readonly kind: 'skew' | 'slow-read' | 'slow-read-marked' | 'cpu-skew' | 'long-interval' | 'remote-timeout';
  /** The clocksource that was current then, if the kernel says so (5.17 on). */
  readonly currentThen: string | null;
  readonly source: string | null;
  readonly watchdog: string | null;
  /** Elapsed by each in the interval that was compared, ns; from the lines that follow. */
  readonly watchdogNs: number | null;
  readonly sourceNs: number | null;
  /** How far the source ran ahead of the watchdog in that interval, ns. */
  readonly deltaNs: number | null;
  readonly details: readonly Found[];
}

export type UnstableSign = 'sched-clock' | 'kvm-host' | 'override' | 'cut-off';

export interface Trace {
  /** Marker numbers in order: "1 2 3 4 5 4 5". */
  readonly path: readonly number[];
  readonly marks: readonly (Found & { readonly marker: number; readonly func: string })[];
  /** The refinement work came back to its start this many times without ever getting further. */
  readonly restarts: number;
  /** It got past taking the first sample. */
  readonly pastStart: boolean;
}

/** The refinement in the kernel's own trace. */
export interface WorkTrace {
  /** Each time that tsc_refine_calibration_work() ran. */
  readonly passes: readonly Found[];
  /** What tsc_read_refs() returned; its calls before the work, for the first calibration, are among them. */
  readonly samples: readonly (Found & { readonly value: string; readonly rejected: boolean })[];
}

export interface Facts {
  readonly shape: LogShape;
  readonly kernel: (Found & { readonly release: string; readonly version: KernelVersion | null }) | null;
  readonly commandLine: Found | null;
  /** Parameters of the command line. */
  readonly parameters: readonly string[];
  readonly hypervisor: Named | null;
  /** The machine as its firmware names it. */
  readonly dmi: Named | null;
  readonly kvmClock: readonly Found[];
  readonly detected: readonly Frequency[];
  readonly refined: readonly Frequency[];
  readonly calibration: readonly Calibration[];
  /** `clocksource: NAME: mask:`, printed from 4.1 on. */
  readonly registered: readonly Named[];
  readonly switches: readonly (Named & { readonly prefixed: boolean })[];
  readonly marks: readonly Mark[];
  readonly watchdog: readonly WatchdogEvent[];
  readonly warps: readonly Found[];
  /** The TSC is unstable, in words that do not say why: scheduler, KVM on a host, a choice that was refused. */
  readonly unstableSigns: readonly (Found & { readonly sign: UnstableSign })[];
  /** The counter of the HPET, Hz; null if the text does not say. */
  readonly hpetHz: number | null;
  /** This machine runs KVM guests of its own. */
  readonly kvmHost: Found | null;
  readonly tscAdjust: readonly Found[];
  /** "Skipped synchronization checks as TSC is reliable." */
  readonly syncSkipped: Found | null;
  readonly deadlineTimer: Found | null;
  readonly notscRefused: Found | null;
  readonly references: { readonly pmTimer: Found | null; readonly hpet: Found | null };
  /** Suspend, stalls and lockups: time that the guest did not see pass evenly. */
  readonly interruptions: readonly Found[];
  readonly trace: Trace | null;
  /** Absent if the kernel's own trace is not there, or says nothing of the refinement. */
  readonly ftrace?: WorkTrace;
  /** Messages around init_tsc_clocksource(): printed before it, and printed after it. */
  readonly beforeInit: readonly Found[];
  readonly afterInit: readonly Found[];
  /** The flags line of /proc/cpuinfo or lscpu. */
  readonly cpuFlags: Statement<readonly string[]> | null;
  readonly available: Statement<readonly string[]> | null;
  readonly current: Statement<string> | null;
  readonly commands: readonly Statement<string>[];
  /** Absent if the text is one boot's, in its order. */
  readonly doubt?: Found & { readonly kind: Doubt };
}
