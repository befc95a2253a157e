/** Every way in which a nested guest can fail below its kernel, really provoked: told apart, and never a kernel's verdict. */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { bootGuest } from '../../harness/guest/boot.ts';
import { isRetryable } from '../../harness/guest/ending/ending.ts';
import type { Launch } from '../../harness/guest/types.ts';
import { stoppedBy } from '../../harness/host/interruption.ts';
import { observe } from '../../harness/verdict/observe.ts';
import { faultyImage, randomNonce, testFolder } from '../support/faulty-guest.ts';
import {
  altered,
  BUILD_MS,
  bootNested,
  muteKernel,
  type NestedParts,
  nestedLaunchOf,
  nestedParts,
  withInit,
  withOuter,
  withScript,
} from '../support/nested-boots.ts';
import { qemusOf, scratchOf } from '../support/processes.ts';

// Boots of seconds, beside whatever else runs.
vi.setConfig({ testTimeout: 400_000 });

let parts: NestedParts;
beforeAll(async () => {
  parts = await nestedParts();
}, BUILD_MS);

type Options = Omit<Parameters<typeof bootGuest>[1], 'folder'>;

/** One attempt, and what a run would say of it. */
async function attempt(launch: Launch, options: Options = {}) {
  const folder = await testFolder();
  const life = await bootGuest(launch, { ...options, folder });
  const { evidence, appliance, ending } = life;
  if (appliance === null) throw new Error('there is no appliance');
  const { verdict } = observe({ launch, ending, evidence, machine: null, trueKhz: null });
  const consoleBytes = (await stat(life.consolePath)).size;
  const log = await readFile(join(folder, 'appliance.log'), 'latin1');
  return { ending, verdict, appliance, consoleBytes, log };
}

const NO_INIT = 'rdinit=/nonexistent';
/** Words of the appliance's own command line. */
const appended = (launch: Launch, words: string): Launch =>
  altered(launch, ' tscl1.nonce=', ` ${words} tscl1.nonce=`);

describe('the appliance', () => {
  test('that never says that it is up, and sleeps', async () => {
    const launch = await withInit(await nestedLaunchOf(parts), [], 'exec /bin/busybox sleep 1000000');
    const { ending, verdict } = await attempt(launch, { limits: { guestStallS: 30 } });
    expect(ending).toMatchObject({ kind: 'host-fault', code: 'appliance-failed' });
    expect(verdict).toBe('infra-error');
    expect(isRetryable(ending)).toBe(false);
  });

  // Its last words before it fails in one way or another.
  const UP = [
    ['l1begin', 'protocol=1 t_ns=1'],
    ['l2start', 't_ns=2'],
  ] as const;

  test('that comes up and then spins, saying nothing more', async () => {
    const launch = await withInit(await nestedLaunchOf(parts), UP, 'while :; do :; done');
    const { ending, verdict, appliance } = await attempt(launch, { limits: { stallCpuMs: 1500 } });
    expect(appliance).toMatchObject({ protocol: 1, lastBeat: null, complete: false });
    expect(ending).toMatchObject({ kind: 'host-fault', code: 'appliance-hung' });
    expect(ending).toMatchObject({ detail: expect.stringContaining('CPU time') });
    expect(verdict).toBe('infra-error');
    expect(isRetryable(ending)).toBe(true);
  });

  test('that comes up and then sleeps: its time goes on and costs the host nothing', async () => {
    const launch = await withInit(await nestedLaunchOf(parts), UP, 'exec /bin/busybox sleep 1000000');
    const { ending, verdict } = await attempt(launch, { limits: { guestStallS: 30 } });
    expect(ending).toMatchObject({ kind: 'host-fault', code: 'appliance-hung' });
    expect(verdict).toBe('infra-error');
    expect(isRetryable(ending)).toBe(true);
  });

  test.each([
    ['panics', 'exit 1', 'Attempted to kill init'],
    ['resets', 'exec /bin/busybox reboot -f', 'without its last word'],
    ['powers off', 'exec /bin/busybox poweroff -f', 'without its last word'],
  ])('that %s with its guest at work', async (_, script, why) => {
    const { ending, verdict } = await attempt(await withInit(await nestedLaunchOf(parts), UP, script));
    expect(ending).toMatchObject({ code: 'appliance-crashed', detail: expect.stringContaining(why) });
    expect(verdict).toBe('infra-error');
    expect(isRetryable(ending)).toBe(true);
  });

  test('whose kernel panics', async () => {
    const { ending, verdict, log } = await attempt(appended(await nestedLaunchOf(parts), NO_INIT));
    expect(ending).toMatchObject({
      kind: 'host-fault',
      code: 'appliance-crashed',
      detail: expect.stringContaining('Kernel panic - not syncing'),
    });
    expect(log).toContain('No working init found');
    expect(verdict).toBe('infra-error');
  });

  test.each([
    ['its own files', '48', 'Initramfs unpacking failed'],
    ['the guest’s memory', '200', 'Cannot allocate memory'],
  ])('whose memory does not hold %s', async (_, memoryMiB, why) => {
    const { ending, verdict } = await attempt(withOuter(await nestedLaunchOf(parts), '-m', memoryMiB));
    expect(ending).toMatchObject({ code: 'appliance-memory', detail: expect.stringContaining(why) });
    expect(verdict).toBe('infra-error');
    expect(isRetryable(ending)).toBe(false);
  });

  test('that runs out of memory on the way, as its guest takes what it was promised', async () => {
    const launch = altered(await nestedLaunchOf(parts), '\n-accel\n', '\n-overcommit\nmem-lock=on\n-accel\n');
    const { ending, verdict, appliance } = await attempt(withOuter(launch, '-m', '290'));
    expect(appliance.guest).toMatchObject({ signal: 9 });
    expect(appliance.troubles).toContainEqual(expect.objectContaining({ kind: 'out-of-memory' }));
    expect(ending).toMatchObject({
      code: 'appliance-memory',
      detail: expect.stringContaining('Out of memory'),
    });
    expect(verdict).toBe('infra-error');
  });

  test('that does not get what it is to run', async () => {
    const launch = altered(await nestedLaunchOf(parts), 'opt/tscmatrix/kernel,', 'opt/tscmatrix/other,');
    const { ending, verdict } = await attempt(launch);
    expect(ending).toEqual({
      kind: 'host-fault',
      code: 'appliance-failed',
      detail: 'kernel: there is no such item',
    });
    expect(verdict).toBe('infra-error');
  });
});

describe('the guest’s QEMU', () => {
  test('that does not have what it is asked for', async () => {
    const launch = altered(await nestedLaunchOf(parts), 'pc-i440fx-7.2,,hpet', 'nonsense,,hpet');
    const { ending, verdict, appliance } = await attempt(launch);
    expect(ending).toMatchObject({ code: 'qemu-unsupported', detail: expect.stringContaining('nonsense') });
    expect(appliance.guest).toMatchObject({ ended: 'over', exitCode: 1, signal: null });
    expect(verdict).toBe('infra-error');
    expect(isRetryable(ending)).toBe(false);
  });

  test('whose library is missing runs all the same, and its loader’s words are kept', async () => {
    const missing = altered(await nestedLaunchOf(parts), 'LD_PRELOAD=/lib/', 'LD_PRELOAD=/nowhere/');
    const launch = altered(missing, 'pc-i440fx-7.2,,hpet', 'nonsense,,hpet');
    const { ending, appliance } = await attempt(launch);
    expect(appliance.stderr[0]?.value).toContain('cannot be preloaded');
    expect(appliance.exits).toBeNull();
    expect(ending).toMatchObject({ code: 'qemu-unsupported' });
  });

  test('that dies of a signal while its guest starts', async () => {
    const dies = '( /bin/busybox sleep 0.3; /bin/busybox kill -SEGV $$ ) &\nexec "$@"';
    const { ending, verdict, appliance } = await attempt(await withScript(await nestedLaunchOf(parts), dies));
    expect(appliance.guest).toMatchObject({ ended: 'over', exitCode: null, signal: 11 });
    // It was the real one, and it was up.
    expect(appliance.qmp).not.toEqual([]);
    expect(ending).toMatchObject({ code: 'guest-qemu-failed', detail: expect.stringContaining('signal 11') });
    expect(verdict).toBe('infra-error');
    expect(isRetryable(ending)).toBe(true);
  });
});

describe('a guest that stands still', () => {
  const mute = async () => nestedLaunchOf(parts, { kernelPath: await muteKernel(parts.stock) });

  test('with its interrupts off: seen from outside by the CPU time that it takes', async () => {
    const { ending, verdict, appliance } = await attempt(await mute(), {
      limits: { stallCpuMs: 5000 },
    });
    expect(appliance.guest.ended).toBeNull();
    expect(ending).toMatchObject({
      code: 'guest-stalled',
      detail: expect.stringMatching(/went on: .*CPU time/),
    });
    expect(verdict).toBe('infra-error');
    expect(isRetryable(ending)).toBe(true);
  });

  test('with its interrupts off: seen by the appliance by its own time', async () => {
    const launch = altered(await mute(), 'tscl1.silence_ms=45000', 'tscl1.silence_ms=1500');
    const { ending, verdict, appliance } = await attempt(launch);
    expect(appliance).toMatchObject({ complete: true, guest: { ended: 'silence', signal: 9 } });
    expect(ending).toMatchObject({ code: 'guest-stalled', detail: expect.stringContaining('silent') });
    expect(verdict).toBe('infra-error');
  });

  test('asleep: its time goes on and nothing comes', async () => {
    const sleeps = await nestedLaunchOf(parts, {
      guest: { append: 'fault=sleep' },
      initrdPath: (await faultyImage()).path,
    });
    const launch = altered(sleeps, 'tscl1.silence_ms=45000', 'tscl1.silence_ms=3000');
    const { ending, verdict, consoleBytes, appliance } = await attempt(launch);
    expect(consoleBytes).toBeGreaterThan(10_000);
    expect(appliance).toMatchObject({ complete: true, guest: { ended: 'silence' } });
    expect(ending).toMatchObject({ code: 'guest-stalled' });
    expect(verdict).toBe('infra-error');
  });

  test('while it speaks: it runs past the limit of its own time', async () => {
    const talks = 'while :; do echo "still here" >> /run/console; /bin/busybox sleep 0.5; done';
    const launch = altered(await nestedLaunchOf(parts), 'tscl1.limit_ms=180000', 'tscl1.limit_ms=4000');
    const { ending, verdict, appliance } = await attempt(await withScript(launch, talks));
    expect(appliance.guest).toMatchObject({ ended: 'limit', signal: 9 });
    expect(ending).toMatchObject({
      code: 'guest-stalled',
      detail: expect.stringContaining('past its limit'),
    });
    expect(verdict).toBe('infra-error');
  });
});

test('a kernel that panics is the kernel’s verdict, the one that is', async () => {
  const launch = await nestedLaunchOf(parts, {
    guest: { append: 'fault=exit' },
    initrdPath: (await faultyImage()).path,
  });
  const { ending, verdict, appliance } = await attempt(launch);
  expect(appliance).toMatchObject({ complete: true, guest: { exitCode: 0 }, troubles: [] });
  expect(ending).toEqual({ kind: 'panic' });
  expect(verdict).toBe('panicked');
  expect(isRetryable(ending)).toBe(false);
});

describe('from outside', () => {
  test('a machine that is not up within the limit in wall time: never the kernel’s fault', async () => {
    const { ending, verdict } = await attempt(await nestedLaunchOf(parts), { limits: { deadlineMs: 1 } });
    expect(ending).toMatchObject({ kind: 'deadline' });
    expect(verdict).toBe('infra-error');
  });

  const signalled = async (signal: NodeJS.Signals) => {
    const nonce = randomNonce();
    const launch = await nestedLaunchOf(parts, { nonce });
    let sent: Promise<void> | undefined;
    const send = async (): Promise<void> => {
      for (const pid of await qemusOf(nonce)) process.kill(pid, signal);
    };
    const seen = await attempt(launch, {
      limits: { frozenMs: 3000 },
      onProgress: () => {
        sent ??= send();
      },
    });
    await sent;
    return seen;
  };

  test('a stopped QEMU is a frozen guest: neither level’s fault', async () => {
    const { ending, verdict } = await signalled('SIGSTOP');
    expect(ending).toMatchObject({ kind: 'host-fault', code: 'guest-frozen' });
    expect(verdict).toBe('infra-error');
    expect(isRetryable(ending)).toBe(true);
  });

  test('a killed QEMU was killed', async () => {
    const { ending, verdict } = await signalled('SIGKILL');
    expect(ending).toMatchObject({ kind: 'host-fault', code: 'qemu-killed' });
    expect(verdict).toBe('infra-error');
    expect(isRetryable(ending)).toBe(false);
  });

  test('an interruption leaves no QEMU, no scratch folder and no second attempt', async () => {
    const nonce = randomNonce();
    const stop = new AbortController();
    const launch = await nestedLaunchOf(parts, { nonce });
    const onRetry = async (): Promise<void> => {
      throw new Error('a second attempt');
    };
    const boot = stoppedBy(stop.signal, () =>
      bootNested(launch, { onProgress: () => stop.abort(), onRetry }),
    );
    await expect(boot).rejects.toMatchObject({ name: 'Interrupted' });
    expect(await qemusOf(nonce)).toEqual([]);
    expect(await scratchOf(process.pid)).toEqual([]);
  });
});
