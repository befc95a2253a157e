/** Boots guests that go wrong on purpose: a real kernel with an /init that has the faults. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { trialMachine } from '../../harness/guest/accelerator.ts';
import { type Boot, type BootOptions, bootGuest } from '../../harness/guest/boot.ts';
import { makeLaunch } from '../../harness/guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../../harness/guest/launch/command-line.ts';
import type { Launch } from '../../harness/guest/types.ts';
import { compileFolder } from '../../harness/image/compile.ts';
import { busyboxEntry, type ProbeImage, SKELETON, storeInitramfs } from '../../harness/image/probe-image.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { builtKernel } from './built-kernel.ts';

/** An initramfs whose /init does what `fault=` says; the probe is in it too. */
export async function faultyImage(): Promise<ProbeImage> {
  const probe = await readFile(await compileFolder('tscprobe', 'probe'));
  const init = await readFile(join(import.meta.dirname, 'faulty-init'));
  return storeInitramfs('faulty.cpio', [
    ...SKELETON,
    await busyboxEntry(),
    { path: 'bin/tscprobe', kind: 'file', mode: 0o755, bytes: probe },
    { path: 'init', kind: 'file', mode: 0o755, bytes: init },
  ]);
}

export interface Ask {
  readonly guest?: Partial<GuestSpec>;
  readonly nonce?: string;
  readonly kernelPath?: string;
  readonly initrdPath?: string;
  readonly qemu?: string;
}

/** A launch of a kernel that is built here, in real time unless something else is said. */
export async function launchOf(ask: Ask): Promise<Launch> {
  return makeLaunch({
    ...trialMachine(
      { ...DEFAULT_GUEST, clock: 'real', ...ask.guest },
      'tcg',
      ask.qemu ?? 'qemu-system-x86_64',
    ),
    kernelPath: ask.kernelPath ?? (await builtKernel()).path,
    initrdPath: ask.initrdPath ?? (await faultyImage()).path,
    probe: { nonce: ask.nonce ?? randomNonce(), ...PROBE_DEFAULTS },
  });
}

export function randomNonce(): string {
  return randomBytes(4).toString('hex');
}

/** A folder that is gone after the test. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tscmatrix-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function boot(launch: Launch, options: Partial<BootOptions> = {}): Promise<Boot> {
  return bootGuest(launch, { folder: await testFolder(), ...options });
}

/** Boots the faulty image with `fault=NAME`. */
export async function bootFault(
  fault: string,
  options: Partial<BootOptions> = {},
  guest: Partial<GuestSpec> = {},
): Promise<Boot> {
  const append = `fault=${fault} ${guest.append ?? ''}`;
  return boot(await launchOf({ guest: { ...guest, append } }), options);
}

/** What the guest printed, for the message of a failed expectation too. */
export async function consoleText(life: Boot): Promise<string> {
  return readFile(life.consolePath, 'latin1');
}
