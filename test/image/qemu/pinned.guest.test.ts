/** The real thing: builds the pinned QEMU where the cache has none, and uses it. */
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parseProperties } from '../../../harness/doctor/qemu.ts';
import { gatherEvidence } from '../../../harness/evidence/evidence.ts';
import { bootGuest } from '../../../harness/guest/boot.ts';
import { openCache } from '../../../harness/host/cache.ts';
import { stoppedBy } from '../../../harness/host/interruption.ts';
import { runTool, tryTool } from '../../../harness/host/process.ts';
import { imagesFolder } from '../../../harness/host/project.ts';
import { buildProbeImage } from '../../../harness/image/probe-image.ts';
import { pinnedQemu } from '../../../harness/image/qemu/pinned.ts';
import type { PinnedQemu } from '../../../harness/image/qemu/types.ts';
import { launchOf, testFolder } from '../../support/faulty-guest.ts';
import { debianKernel } from '../../support/kernels.ts';

const NONCE = '0badcafe';
/** A build takes some minutes of two CPUs. */
const BUILD_MS = 20 * 60_000;

let pinned: PinnedQemu;
beforeAll(async () => {
  pinned = await pinnedQemu();
}, BUILD_MS);

test('it says what it is, finds its own firmware and needs the C library alone', async () => {
  const { stdout } = await runTool(pinned.program, ['--version']);
  expect(stdout).toContain(
    `QEMU emulator version ${pinned.version} (tscmatrix ${pinned.behaviour.slice(0, 12)}`,
  );
  expect(stdout).toContain(`Debian ${pinned.debianVersion}`);
  const names = pinned.libraries.map((path) => path.slice(path.lastIndexOf('/') + 1)).sort();
  expect(names).toEqual(['ld-linux-x86-64.so.2', 'libc.so.6', 'libm.so.6']);
  expect((await readdir(pinned.firmwareDir)).sort()).toEqual([
    'bios-256k.bin',
    'bios-microvm.bin',
    'kvmvapic.bin',
    'linuxboot_dma.bin',
    'multiboot_dma.bin',
    'pvh.bin',
  ]);
});

test('it comes from the cache the second time', async () => {
  expect(await pinnedQemu()).toEqual({ ...pinned, cached: true });
});

test.each(['pc-i440fx-7.2', 'pc-q35-7.2'])(
  'a deterministic guest on %s gives the same bytes twice',
  async (machine) => {
    const launch = await launchOf({
      nonce: NONCE,
      qemu: pinned.program,
      kernelPath: (await debianKernel('bookworm')).path,
      initrdPath: (await buildProbeImage()).path,
      guest: { clock: 'deterministic', machine },
    });
    const transcripts: (string | null)[] = [];
    for (let boot = 0; boot < 2; boot += 1) {
      const life = await bootGuest(launch, { folder: await testFolder() });
      expect(life.ending).toEqual({ kind: 'finished' });
      const evidence = gatherEvidence(await readFile(life.consolePath), NONCE);
      expect(evidence.report.complete).toBe(true);
      transcripts.push(evidence.transcriptSha256);
    }
    expect(transcripts[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(transcripts[1]).toBe(transcripts[0]);
  },
);

/** What the other level needs: KVM's Xen and Hyper-V guests, the devices of small machines. */
test('it has the devices, machines and enlightenments that nested guests use', async () => {
  const devices = (await runTool(pinned.program, ['-device', 'help'])).stdout;
  const names = [
    'isa-debugcon',
    'isa-debug-exit',
    'pvpanic',
    'virtio-serial-pci',
    'virtio-blk-device',
    'virtio-rng-device',
  ];
  for (const name of names) expect(devices).toContain(`name "${name}"`);
  const machines = (await runTool(pinned.program, ['-machine', 'help'])).stdout;
  for (const machine of ['pc-i440fx-7.2', 'pc-q35-7.2', 'microvm']) expect(machines).toContain(machine);
  const ask = ['qmp_capabilities', 'qom-list-properties', 'quit'].map((execute) =>
    JSON.stringify({ execute, ...(/^qom/.test(execute) ? { arguments: { typename: 'kvm-accel' } } : {}) }),
  );
  const args = ['-nodefaults', '-display', 'none', '-S', '-machine', 'none', '-qmp', 'stdio'];
  const kvm = parseProperties((await runTool(pinned.program, args, { input: ask.join('\n') })).stdout);
  for (const property of ['kernel-irqchip', 'xen-version']) expect(kvm).toContain(property);
  const cpu = await runTool(pinned.program, ['-cpu', 'help']);
  for (const flag of ['svm', 'invtsc', 'kvmclock']) expect(cpu.stdout).toMatch(new RegExp(`\\b${flag}\\b`));
});

/** Runs images/qemu/reproducer; gives what it says. */
async function reproduce(qemu: string): Promise<string> {
  const kernel = join(await testFolder(), 'svm-inject');
  await runTool(join(imagesFolder(), 'qemu', 'reproducer', 'build.sh'), [kernel]);
  const { stdout } = await tryTool(qemu, [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'pc', '-cpu', 'max', '-m', '32'],
    ...['-accel', 'tcg,thread=single', '-icount', 'shift=0,sleep=off,align=off'],
    ...['-device', 'isa-debug-exit,iobase=0xf4', '-serial', 'stdio', '-kernel', kernel],
  ]);
  return stdout.trim();
}

test('an interrupt that VMRUN injects is delivered once, where an unpatched QEMU delivers some twice', async () => {
  expect(await reproduce(pinned.program)).toBe(
    'svm-inject: of 20000 injected interrupts, 20000 were delivered once, 0 more than once',
  );
  // So that the reproducer is one: it fails without the patch. A later QEMU may have the fix.
  const version = (await runTool('qemu-system-x86_64', ['--version'])).stdout;
  const system = await reproduce('qemu-system-x86_64');
  if (/ version 7\./.test(version)) expect(system).toMatch(/, [1-9]\d* more than once$/);
  else expect(system).toMatch(/^svm-inject: of 20000 injected interrupts/);
});

test(
  'a build that is interrupted leaves no process and no result, and goes on where it was',
  async () => {
    const root = await testFolder();
    const cache = await openCache(join(root, 'cache'));
    const compile = async (steps: string[], stopAt: RegExp): Promise<unknown> => {
      const abort = new AbortController();
      const onProgress = (text: string): void => {
        steps.push(text);
        if (stopAt.test(text)) abort.abort();
      };
      return stoppedBy(abort.signal, () => pinnedQemu({ cache, onProgress })).then(
        () => undefined,
        (error: unknown) => error,
      );
    };
    const first: string[] = [];
    expect(await compile(first, /compiling QEMU, 2 %/)).toMatchObject({ name: 'Interrupted' });
    expect(first).toContain('configuring QEMU');
    expect(await readdir(join(cache.root, 'tmp'))).toEqual([]);
    expect(await readdir(join(cache.root, 'locks'))).toEqual([]);
    await expect(access(join(cache.root, 'build', 'emulators'))).rejects.toThrow();
    const second: string[] = [];
    expect(await compile(second, /compiling QEMU, \d+ %/)).toMatchObject({ name: 'Interrupted' });
    expect(second.filter((text) => /download|unpack|configuring/.test(text))).toEqual([]);
    // Fewer steps are left than there were.
    const left = (steps: readonly string[]): number => Number(/of (\d+) steps/.exec(steps.at(-1) ?? '')?.[1]);
    expect(left(second)).toBeLessThan(left(first));
    expect(await openFilesUnder(root)).toEqual([]);
  },
  BUILD_MS,
);

/** Ids of processes that have a file or their working folder below a folder. */
async function openFilesUnder(folder: string): Promise<string[]> {
  const { stdout } = await runTool('sh', [
    '-c',
    'for p in /proc/[0-9]*; do readlink $p/cwd $p/fd/* 2>/dev/null | grep -q "^$1" && echo "$p"; done; true',
    'sh',
    folder,
  ]);
  return stdout.split('\n').filter((line) => line !== '');
}
