/**
 * Whether KVM is usable here, found out by booting a real guest within a time limit. Opening /dev/kvm, even making a
 * VM, proves nothing: hosts exist where both work and the guest runs thousands of times too slowly.
 */
import { constants } from 'node:fs';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeScratch } from '../host/scratch.ts';
import { DEFAULT_GUEST } from '../matrix/settings.ts';
import { trialMachine } from './accelerator.ts';
import { type Boot, bootGuest, CONSOLE_FILE } from './boot.ts';
import { makeLaunch } from './launch/arguments.ts';
import { PROBE_DEFAULTS } from './launch/command-line.ts';

export interface KvmCheckInput {
  readonly qemu: string;
  readonly kernelPath: string;
  readonly initrdPath: string;
}

export interface KvmCheck {
  readonly usable: boolean;
  /** One sentence that says what was tried and what came of it. */
  readonly reason: string;
  /** The CPU model of the guest that came up. */
  readonly cpu: string | null;
  /** Wall time to the probe, ms; null if it never came. */
  readonly toProbeMs: number | null;
  /** It can give a guest another TSC frequency than the host's. */
  readonly scalesTsc?: boolean;
}

/** A kernel is up in well under 2 s under sound KVM, and in about 4 s under TCG: slower than that is of no use. */
const TRIAL_LIMIT_MS = 15_000;
const NONCE = '7c1a0000';

function describe(boot: Boot, cpu: string, words: string): string {
  const { ending } = boot;
  const detail = 'detail' in ending ? `: ${ending.detail}` : '';
  const last = words === '' ? 'nothing was printed' : `the last line was ${JSON.stringify(words)}`;
  return `a guest with -cpu ${cpu} ended as ${ending.kind}${detail} after ${Math.round(boot.wallMs / 1000)} s; ${last}`;
}

async function tryCpu(
  input: KvmCheckInput,
  cpu: string,
  folder: string,
): Promise<{ boot: Boot; toProbeMs: number | null }> {
  const launch = makeLaunch({
    ...trialMachine({ ...DEFAULT_GUEST, topology: 'kvm', clock: 'real', cpu }, 'kvm', input.qemu),
    kernelPath: input.kernelPath,
    initrdPath: input.initrdPath,
    probe: { nonce: NONCE, deadlineMs: PROBE_DEFAULTS.deadlineMs, settleMs: 0 },
  });
  const started = performance.now();
  let toProbeMs: number | null = null;
  await mkdir(folder, { recursive: true });
  const boot = await bootGuest(launch, {
    folder,
    limits: { deadlineMs: TRIAL_LIMIT_MS, stallMs: TRIAL_LIMIT_MS, frozenMs: TRIAL_LIMIT_MS },
    onProgress: (phase) => {
      if (phase === 'probe' || phase === 'settled') toProbeMs ??= Math.round(performance.now() - started);
    },
  });
  return { boot, toProbeMs };
}

/** Why there is nothing to try; null if /dev/kvm can be opened. */
export async function kvmDeviceFault(): Promise<KvmCheck | null> {
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing
      ? '/dev/kvm does not exist'
      : '/dev/kvm may not be opened by this user (group kvm?)';
    return { usable: false, reason, cpu: null, toProbeMs: null };
  }
}

/** "tsc_scale" is AMD's flag, "tsc_scaling" one of Intel's vmx flags; kvm_amd's parameter can turn it off. */
async function hostScalesTsc(): Promise<boolean> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  if (!/ tsc_scal(?:e|ing)\b/.test(await read('/proc/cpuinfo'))) return false;
  return !/^[0N]/.test(await read('/sys/module/kvm_amd/parameters/tsc_scaling'));
}

/** Boots with the host's CPU first, then with a plain named model. */
export async function checkKvm(input: KvmCheckInput): Promise<KvmCheck> {
  const none = await kvmDeviceFault();
  if (none !== null) return none;
  const scratch = await makeScratch();
  const failures: string[] = [];
  try {
    for (const cpu of ['host', 'qemu64']) {
      const folder = join(scratch.path, cpu);
      const { boot, toProbeMs } = await tryCpu(input, cpu, folder);
      if (boot.ending.kind === 'finished') {
        const not = failures.length === 0 ? '' : `; but ${failures.join('; ')}`;
        return {
          usable: true,
          reason: `a guest with -cpu ${cpu} came up in ${toProbeMs} ms${not}`,
          cpu,
          toProbeMs,
          scalesTsc: await hostScalesTsc(),
        };
      }
      const words = (await readFile(join(folder, CONSOLE_FILE), 'latin1')).trim().split('\n').at(-1) ?? '';
      failures.push(describe(boot, cpu, words.slice(0, 100)));
    }
  } finally {
    await scratch.remove();
  }
  return { usable: false, reason: failures.join('; '), cpu: null, toProbeMs: null };
}
