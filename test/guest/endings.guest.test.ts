/** Every way in which a guest's life can end, really provoked. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { STDERR_FILE } from '../../harness/guest/boot-files.ts';
import { stoppedBy } from '../../harness/host/interruption.ts';
import { boot, bootFault, consoleText, launchOf, randomNonce, testFolder } from '../support/faulty-guest.ts';
import { debianKernel } from '../support/kernels.ts';
import { qemusOf, scratchOf } from '../support/processes.ts';

// A guest is given the time that it needs, however little of it a busy host has.
vi.setConfig({ testTimeout: 400_000 });

describe('the guest ends itself', () => {
  test('an init that exits is a panic', async () => {
    const life = await bootFault('exit');
    expect(life.ending, await consoleText(life)).toEqual({ kind: 'panic' });
    expect(await consoleText(life)).toContain('Attempted to kill init');
  });

  test('a reboot before the end marker is a reset', async () => {
    const life = await bootFault('reboot');
    expect(life.ending).toMatchObject({ kind: 'reset', detail: expect.stringContaining('guest-reset') });
  });

  test('a triple fault is a reset', async () => {
    const launch = await launchOf({ guest: { append: 'fault=reboot reboot=t' } });
    const folder = await testFolder();
    // QEMU's own log shows that it really was one.
    const life = await boot({ ...launch, argv: [...launch.argv, '-d', 'cpu_reset'] }, { folder });
    expect(await readFile(join(folder, STDERR_FILE), 'latin1')).toContain('Triple fault');
    expect(life.ending).toMatchObject({ kind: 'reset' });
  });

  test('a power-off in the middle of the report is a truncated console', async () => {
    const life = await bootFault('cut-short');
    expect(life.ending).toMatchObject({
      kind: 'truncated',
      detail: expect.stringContaining('powered itself off'),
    });
  });
});

describe('the guest makes no progress', () => {
  test('an init that spins in silence is stalled in wall time', async () => {
    const life = await bootFault('spin', { limits: { stallMs: 3000 } });
    expect(life.ending).toMatchObject({ kind: 'stalled', limit: 'wall' });
    expect(await consoleText(life)).toContain('fault: spin');
  });

  test('an init that sleeps for ever is stalled in guest time, long before the limit in wall time', async () => {
    const life = await bootFault('sleep', { limits: { guestStallS: 30 } }, { clock: 'deterministic' });
    expect(life.ending).toMatchObject({ kind: 'stalled', limit: 'guest-time' });
  });

  test('a guest that halts is stalled, not frozen: its clock goes on', async () => {
    const life = await bootFault('halt', { limits: { guestStallS: 30 } }, { clock: 'deterministic' });
    expect(await consoleText(life)).toContain('System halted');
    expect(life.ending).toMatchObject({ kind: 'stalled', limit: 'guest-time' });
  });

  test('a second CPU that an old QEMU starves under -icount is not the kernel’s fault', async ({ skip }) => {
    const guest = { clock: 'deterministic', smp: 2 } as const;
    const life = await bootFault('reboot', { limits: { stallCpuMs: 3000 } }, guest);
    if (life.ending.kind === 'reset') return skip(`QEMU ${life.machine?.qemuVersion} has no such fault`);
    expect(life.ending).toMatchObject({ kind: 'host-fault', code: 'qemu-unsupported' });
  });

  test('a kernel that prints nothing is silent', async () => {
    const kernel = await readFile((await debianKernel('bookworm')).path);
    const setupSectors = kernel[0x1f1] || 4;
    // jmp to itself, where the boot loader's 16-bit part enters the kernel (Documentation/arch/x86/boot.rst).
    kernel.set([0xeb, 0xfe], (setupSectors + 1) * 512);
    const kernelPath = join(await testFolder(), 'vmlinuz-mute');
    await writeFile(kernelPath, kernel);
    const life = await boot(await launchOf({ kernelPath }), { limits: { stallMs: 6000 } });
    expect(life.ending).toMatchObject({ kind: 'silent' });
    expect(await consoleText(life)).toBe('');
  });

  test('a guest that still talks when its time is up has passed the deadline', async () => {
    const life = await bootFault('chatty', { limits: { deadlineMs: 4000 } });
    expect(life.ending).toMatchObject({ kind: 'deadline' });
  });

  test('a flood is ended, and the console is cut to the cap', async () => {
    const floodBytes = 200_000;
    const life = await bootFault('flood', { limits: { floodBytes } });
    expect(life.ending).toMatchObject({ kind: 'flood' });
    expect((await consoleText(life)).length).toBe(floodBytes);
  });
});

describe('something outside the guest ends it', () => {
  async function signalQemu(nonce: string, signal: NodeJS.Signals): Promise<void> {
    for (const pid of await qemusOf(nonce)) process.kill(pid, signal);
  }

  /** Sends a signal to QEMU once the kernel speaks. */
  async function signalled(signal: NodeJS.Signals, limits = {}) {
    const nonce = randomNonce();
    const launch = await launchOf({ nonce, guest: { append: 'fault=spin' } });
    let sent: Promise<void> | undefined;
    const life = await boot(launch, {
      limits,
      onProgress: () => {
        sent ??= signalQemu(nonce, signal);
      },
    });
    await sent;
    return life;
  }

  test('a QEMU that was killed', async () => {
    const life = await signalled('SIGKILL');
    expect(life.ending).toMatchObject({ kind: 'host-fault', code: 'qemu-killed' });
  });

  test('a QEMU that was asked to end is killed too, though it exits in good order', async () => {
    const life = await signalled('SIGTERM');
    expect(life.ending).toMatchObject({ kind: 'host-fault', code: 'qemu-killed' });
  });

  test('a QEMU that was stopped makes a frozen guest, not a hung one', async () => {
    const life = await signalled('SIGSTOP', { frozenMs: 3000 });
    expect(life.ending).toMatchObject({ kind: 'host-fault', code: 'guest-frozen' });
  });

  test('an interruption leaves no QEMU and no scratch folder', async () => {
    const nonce = randomNonce();
    const launch = await launchOf({ nonce, guest: { append: 'fault=spin' } });
    const stop = new AbortController();
    const life = stoppedBy(stop.signal, () => boot(launch, { onProgress: () => stop.abort() }));
    await expect(life).rejects.toMatchObject({ name: 'Interrupted' });
    expect(await qemusOf(nonce)).toEqual([]);
    expect(await scratchOf(process.pid)).toEqual([]);
  });
});
