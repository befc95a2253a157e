/** What several checks share. Each thing is found out once, when it is first asked for. */

import { HostFault, UserError } from '../base/errors.ts';
import { checkKvm, type KvmCheck } from '../guest/kvm-check.ts';
import { openCache } from '../host/cache.ts';
import { type ToolOptions, type ToolResult, tryTool } from '../host/process.ts';
import { buildProbeImage, type ProbeImage } from '../image/probe-image.ts';
import { acquireKernel, type KernelImage } from '../kernel/acquire.ts';
import { TRIAL_KERNEL } from '../lab/make-ready.ts';
import type { KernelEntry } from '../matrix/types.ts';
import { type HostCpu, readHostCpu } from './host-cpu.ts';
import type { CheckResult, Needed, Topic } from './types.ts';

export interface ExamineOptions {
  readonly qemu: string;
  /** Null: Debian's own cloud kernel, for which a failure is a finding and not the user's error. */
  readonly kernel: KernelEntry | null;
  /** Told before something that takes long. */
  readonly onProgress: (text: string) => void;
}

export interface Context extends ExamineOptions {
  /** Runs a program within a time limit; throws HostFault if it cannot be run. */
  run(file: string, args: readonly string[], options?: ToolOptions): Promise<ToolResult>;
  kernelImage(): Promise<KernelImage>;
  probeImage(): Promise<ProbeImage>;
  kvmCheck(): Promise<KvmCheck>;
  hostCpu(): Promise<HostCpu>;
}

/** One row to be: who needs it, and how it is found out. A HostFault that it throws becomes the row. */
export interface Check {
  readonly topic: Topic;
  readonly name: string;
  readonly needed: Needed;
  /** It works without starting a program. Everything else needs setpriv (host/process.ts). */
  readonly runsNothing?: true;
  /** The name of an earlier check; if that one is not ok, this one is not tried. */
  readonly restsOn?: string;
  /** Debian packages, for when the program that it runs is missing. */
  readonly packages?: readonly string[];
  /** What to do if a fault has no hint of its own. */
  readonly hint?: string;
  readonly find: (context: Context) => Promise<CheckResult>;
}

const TOOL_LIMIT_MS = 20_000;

/** Something that another check needed and that is unavailable. */
export class Unavailable extends Error {}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

async function getKernel(options: ExamineOptions): Promise<KernelImage> {
  const entry = options.kernel ?? TRIAL_KERNEL;
  try {
    return await acquireKernel(entry, {
      cache: await openCache(),
      onProgress: options.onProgress,
    });
  } catch (error) {
    if (options.kernel === null && error instanceof UserError) {
      throw new HostFault('kernel-missing', error.message, error.hint, { cause: error });
    }
    throw error;
  }
}

export function makeContext(options: ExamineOptions): Context {
  const kernelImage = once(() => getKernel(options));
  const probeImage = once(() => buildProbeImage());
  return {
    ...options,
    run: (file, args, more = {}) => tryTool(file, args, { timeoutMs: TOOL_LIMIT_MS, ...more }),
    kernelImage,
    probeImage,
    hostCpu: once(readHostCpu),
    kvmCheck: once(async () => {
      const [kernel, probe] = await Promise.all([kernelImage(), probeImage()]);
      options.onProgress('booting a small guest under KVM (up to half a minute if KVM is broken)');
      return checkKvm({ qemu: options.qemu, kernelPath: kernel.path, initrdPath: probe.path });
    }),
  };
}

/** Waits for what a check rests on; if that is unavailable, the check's row is unknown, with this reason. */
export async function needs<T>(what: string, value: Promise<T>): Promise<T> {
  try {
    return await value;
  } catch (error) {
    if (!(error instanceof HostFault)) throw error;
    throw new Unavailable(`not tried, for want of ${what}: ${error.message}`, { cause: error });
  }
}
