/** Real nested guests for tests: launches as a run makes them, and the faults that tests put into them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { decide } from '../../harness/guest/accelerator.ts';
import { makeLaunch } from '../../harness/guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../../harness/guest/launch/command-line.ts';
import type { Launch } from '../../harness/guest/types.ts';
import { buildAppliance } from '../../harness/image/appliance.ts';
import { packInitramfs } from '../../harness/image/cpio.ts';
import { buildProbeImage, busyboxEntry } from '../../harness/image/probe-image.ts';
import type { KernelImage } from '../../harness/kernel/types.ts';
import { bootOnce, type Observed, type OnceOptions } from '../../harness/lab/boot-once.ts';
import { applianceFiles } from '../../harness/lab/nested-ready.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { testFolder } from './faulty-guest.ts';
import { seedKernel } from './seed-kernel.ts';

/** Time for beforeAll(): a machine that has none of it builds a QEMU, the appliance's kernel and a guest's. */
export const BUILD_MS = 45 * 60_000;

/** Makes what all nested guests need, or finds it. */
export async function nestedParts() {
  const [appliance, probe, stock] = [
    await buildAppliance(),
    await buildProbeImage(),
    await seedKernel('stock'),
  ];
  return { appliance, probe, stock };
}
export type NestedParts = Awaited<ReturnType<typeof nestedParts>>;

export interface NestedAsk {
  readonly guest?: Partial<GuestSpec>;
  readonly nonce?: string;
  readonly kernelPath?: string;
  readonly initrdPath?: string;
}

/** A deterministic nested guest of the seed's stock kernel, without HPET as all of the seed's are. */
export async function nestedLaunchOf(parts: NestedParts, ask: NestedAsk = {}): Promise<Launch> {
  const { appliance, probe, stock } = parts;
  const { program, firmwareDir } = appliance.emulator;
  const guest: GuestSpec = {
    ...DEFAULT_GUEST,
    topology: 'nested',
    hpet: false,
    memoryMiB: 256,
    ...ask.guest,
  };
  return makeLaunch({
    qemu: program,
    firmwareDir,
    guest,
    ...decide(guest, 'nested', 'a test'),
    exitsLibrary: null,
    appliance: await applianceFiles(appliance, null),
    kernelPath: ask.kernelPath ?? stock.path,
    initrdPath: ask.initrdPath ?? probe.path,
    probe: { nonce: ask.nonce ?? '0badcafe', ...PROBE_DEFAULTS },
  });
}

/** The launch with another text in its outer arguments, which carry the inner; it must be there once. */
export function altered(launch: Launch, before: string, after: string): Launch {
  const found = launch.argv.filter((word) => word.includes(before)).length;
  if (found !== 1) throw new Error(`${JSON.stringify(before)} is in ${found} arguments`);
  return { ...launch, argv: launch.argv.map((word) => word.replace(before, () => after)) };
}

/** The launch with another value of an option of the appliance's machine. */
export function withOuter(launch: Launch, option: string, value: string): Launch {
  const at = launch.argv.indexOf(option);
  if (at < 0) throw new Error(`there is no ${option}`);
  return { ...launch, argv: launch.argv.with(at + 1, value) };
}

/**
 * The launch with a busybox and one more program in the appliance, in the place of one that is there. Linux unpacks
 * archives that follow each other one after the other (Documentation/driver-api/early-userspace/buffer-format.rst).
 */
async function withProgram(launch: Launch, path: string, script: string): Promise<Launch> {
  const at = launch.argv.indexOf('-initrd') + 1;
  const bytes = Buffer.from(`#!/bin/busybox sh\n${script}\n`);
  const extra = packInitramfs([await busyboxEntry(), { path, kind: 'file', mode: 0o755, bytes }]);
  const archive = join(await testFolder(), 'appliance-and-fault.cpio');
  await writeFile(archive, Buffer.concat([await readFile(launch.argv[at] ?? ''), extra]));
  return withOuter(launch, '-initrd', archive);
}

/** The launch with a shell script in the place of the guest's QEMU; "$@" in it is the real command. */
export async function withScript(launch: Launch, script: string): Promise<Launch> {
  const made = await withProgram(launch, 'bin/fault', script);
  return altered(made, 'string=/bin/qemu', 'string=/bin/fault\n/bin/qemu');
}

/** The launch with another first process in the appliance, which says these frames before the script goes on. */
export async function withInit(
  launch: Launch,
  frames: readonly (readonly [kind: string, payload: string])[],
  script: string,
): Promise<Launch> {
  const said = frames.map(([kind, payload], seq) => {
    const crc = crc32(`${launch.nonce} ${seq} ${kind} ${payload}`).toString(16).padStart(8, '0');
    return `echo "@tsc ${launch.nonce} ${seq} ${crc} ${kind} ${payload}"`;
  });
  return withProgram(launch, 'init', [...said, script].join('\n'));
}

/** A kernel that does nothing but spin, with interrupts off, from its first instruction. */
export async function muteKernel(kernel: KernelImage): Promise<string> {
  const bytes = await readFile(kernel.path);
  // jmp to itself in place of the jump over the header: QEMU's boot ROM enters there after cli (pc-bios/optionrom/linuxboot.S).
  bytes.set([0xeb, 0xfe], 512);
  const path = join(await testFolder(), 'vmlinuz-mute');
  await writeFile(path, bytes);
  return path;
}

/** Of counted instructions; what a host's clock says does not matter to them. */
const TRUE_FREQUENCY = { khz: 1_000_000, from: 'a test' };

export interface NestedBoot extends Observed {
  readonly folder: string;
}

/** Boots as a run does, with its retries. */
export async function bootNested(launch: Launch, options: Partial<OnceOptions> = {}): Promise<NestedBoot> {
  const folder = options.folder ?? (await testFolder());
  return { ...(await bootOnce(launch, TRUE_FREQUENCY, { ...options, folder })), folder };
}
