/** Checks that boot a small real guest under TCG: the kernel, the probe, and what came of them. */
import { readFile } from 'node:fs/promises';
import { trialMachine } from '../guest/accelerator.ts';
import { bootGuest } from '../guest/boot.ts';
import { makeLaunch } from '../guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../guest/launch/command-line.ts';
import { makeScratch } from '../host/scratch.ts';
import { DEFAULT_GUEST } from '../matrix/settings.ts';
import { countedTscKhz } from '../matrix/tsc-frequency.ts';
import type { GuestSpec } from '../matrix/types.ts';
import { observe } from '../verdict/observe.ts';
import type { Observation } from '../verdict/types.ts';
import { type Check, type Context, needs } from './context.ts';
import { type CheckResult, ok, unusable } from './types.ts';

const NONCE = 'd0c70000';
/** A sound host takes 5 to 10 s under TCG. */
const LIMIT_MS = 120_000;
/** An hour of cells at this pace is not what one wants to know only afterwards. */
const SLOW_MS = 40_000;

interface GuestCheck {
  readonly observation: Observation;
  /** CPU flags as the guest's own /proc/cpuinfo has them; null if its report did not come. */
  readonly flags: ReadonlySet<string> | null;
  /** Wall time until the probe began to speak, ms; null if it never did. */
  readonly toProbeMs: number | null;
  readonly wallMs: number;
}

/** Boots the trial kernel with the probe. Whatever becomes of it is the value. */
export async function checkGuest(context: Context, guest: GuestSpec): Promise<GuestCheck> {
  const { qemu } = context;
  const kernel = await needs('a kernel', context.kernelImage());
  const probe = await needs('the probe', context.probeImage());
  const launch = makeLaunch({
    ...trialMachine(guest, guest.topology === 'kvm' ? 'kvm' : 'tcg', qemu),
    kernelPath: kernel.path,
    initrdPath: probe.path,
    probe: { ...PROBE_DEFAULTS, nonce: NONCE },
  });
  const scratch = await makeScratch();
  try {
    const started = performance.now();
    let toProbeMs: number | null = null;
    const life = await bootGuest(launch, {
      folder: scratch.path,
      limits: { deadlineMs: LIMIT_MS },
      onProgress: (phase) => {
        if (phase === 'probe' || phase === 'settled') toProbeMs ??= Math.round(performance.now() - started);
      },
    });
    const { ending, evidence, machine } = life;
    const isCounted = guest.clock === 'deterministic';
    const observation = observe({
      launch,
      ending,
      evidence,
      machine,
      trueKhz: isCounted ? { khz: countedTscKhz(guest), from: '-icount' } : null,
    });
    const flags = evidence.report.flags?.value;
    return {
      observation,
      flags: flags === undefined ? null : new Set(flags),
      toProbeMs,
      wallMs: life.wallMs,
    };
  } finally {
    await scratch.remove();
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

const SOUND = ['known-frequency', 'refined', 'unrefined', 'never', 'unstable'];

/** Any registration, "never" too, is the kernel's affair: the host has shown that it can boot and judge a guest. */
export function tcgResult({ observation, toProbeMs, wallMs }: GuestCheck): CheckResult {
  const { verdict, reason, current, ppm } = observation;
  if (!SOUND.includes(verdict)) {
    return unusable(
      `the guest came to ${verdict}: ${reason}`,
      'look at it closer: tscmatrix boot KERNEL --keep DIR',
    );
  }
  const accuracy = ppm === null ? '' : ` (${ppm > 0 ? '+' : ''}${ppm.toFixed(1)} ppm)`;
  const found = `a guest came up in ${seconds(toProbeMs ?? wallMs)} and was done in ${seconds(wallMs)}; tsc: ${verdict}${accuracy}, current: ${current ?? 'not seen'}`;
  return wallMs > SLOW_MS
    ? unusable(`${found}; that is very slow`, 'end what else runs on this host, or give it more CPUs')
    : ok(found);
}

async function findKernel(context: Context): Promise<CheckResult> {
  const { release, origin, cached } = await context.kernelImage();
  return ok(`${release.split(' ')[0]}, ${origin}${cached ? ', in the cache' : ''}`);
}

async function findProbe({ probeImage }: Context): Promise<CheckResult> {
  const { path, sha256 } = await needs('busybox or the compiler', probeImage());
  const { length } = await readFile(path);
  return ok(`the probe's initramfs, ${Math.round(length / 1024)} KiB, sha256 ${sha256.slice(0, 12)}...`);
}

const topic = 'guests';
const needed = 'always';

export const GUEST_CHECKS: readonly Check[] = [
  {
    topic,
    name: 'trial kernel',
    needed,
    hint: 'name a kernel of your own: tscmatrix doctor --kernel PATH',
    find: findKernel,
  },
  { topic, name: 'probe', needed, find: findProbe },
  {
    topic,
    name: 'guest under TCG',
    needed,
    restsOn: 'QEMU',
    find: async (context) => {
      await needs('a kernel', context.kernelImage());
      context.onProgress('booting a small guest under TCG');
      return tcgResult(await checkGuest(context, DEFAULT_GUEST));
    },
  },
];
