/** Real nested guests for tests: launches as a run makes them, and the faults that tests put into them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeLaunch } from '../../harness/guest/arguments.ts';
import { PROBE_DEFAULTS } from '../../harness/guest/command-line.ts';
import type { Launch } from '../../harness/guest/types.ts';
import { openCache } from '../../harness/host/cache.ts';
import { buildAppliance } from '../../harness/image/appliance.ts';
import { packInitramfs } from '../../harness/image/cpio.ts';
import { buildProbeImage, busyboxEntry } from '../../harness/image/probe-image.ts';
import { acquireKernel } from '../../harness/kernel/acquire.ts';
import type { KernelImage } from '../../harness/kernel/types.ts';
import { loadMatrix } from '../../harness/matrix/load.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { bootOnce, type Observed, type OnceOptions } from '../../harness/run/boot-once.ts';
import { applianceFiles } from '../../harness/run/nested-ready.ts';
import { testFolder } from './faulty-guest.ts';

const MATRIX = new URL('../../matrices/seed.yaml', import.meta.url).pathname;

/** Time for beforeAll(): a machine that has none of it builds a QEMU, the appliance's kernel and a guest's. */
export const BUILD_MS = 45 * 60_000;

/** A kernel of matrices/seed.yaml, from the cache that all tests share. */
export async function seedKernel(name: string): Promise<KernelImage> {
  const entry = (await loadMatrix(MATRIX)).kernels.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`${MATRIX} has no kernel ${name}`);
  return acquireKernel(entry, { cache: await openCache() });
}

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
  return makeLaunch({
    qemu: program,
    firmwareDir,
    guest: { ...DEFAULT_GUEST, topology: 'nested', hpet: false, memoryMiB: 256, ...ask.guest },
    accelerator: 'nested',
    acceleratorReason: 'a test',
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
 * The launch with a shell script in the place of the guest's QEMU; "$@" in it is the real command. Linux unpacks archives
 * that follow each other one after the other (Documentation/driver-api/early-userspace/buffer-format.rst).
 */
export async function withScript(launch: Launch, script: string): Promise<Launch> {
  const at = launch.argv.indexOf('-initrd') + 1;
  const bytes = Buffer.from(script);
  const extra = packInitramfs([
    await busyboxEntry(),
    { path: 'bin/fault.sh', kind: 'file', mode: 0o755, bytes },
  ]);
  const path = join(await testFolder(), 'appliance-and-fault.cpio');
  await writeFile(path, Buffer.concat([await readFile(launch.argv[at] ?? ''), extra]));
  const qemu = 'string=/bin/qemu-system-x86_64\n';
  const shell = `string=/bin/busybox\nsh\n/bin/fault.sh\n/bin/qemu-system-x86_64\n`;
  return altered(withOuter(launch, '-initrd', path), qemu, shell);
}

/** A kernel that does nothing but spin with interrupts off from its first instruction. */
export async function muteKernel(kernel: KernelImage): Promise<string> {
  const bytes = await readFile(kernel.path);
  const setupSectors = bytes[0x1f1] || 4;
  // cli; jmp to itself: where the protected-mode code begins, and where QEMU's boot ROM enters the real-mode code.
  for (const at of [512, (setupSectors + 1) * 512]) bytes.set([0xfa, 0xeb, 0xfe], at);
  const path = join(await testFolder(), 'vmlinuz-mute');
  await writeFile(path, bytes);
  return path;
}

export interface NestedBoot extends Observed {
  readonly folder: string;
}

/** Boots as a run does, with its retries. */
export async function bootNested(launch: Launch, options: Partial<OnceOptions> = {}): Promise<NestedBoot> {
  const folder = options.folder ?? (await testFolder());
  return { ...(await bootOnce(launch, null, { ...options, folder })), folder };
}
