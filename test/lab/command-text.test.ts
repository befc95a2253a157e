// plan --command: both command lines of a nested cell, and why there is none where its appliance cannot be made.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HostFault } from '../../harness/base/errors.ts';
import { commandOf, commandText } from '../../harness/lab/command-text.ts';
import { launchOf, needMachine, resolveMachine } from '../../harness/lab/machine.ts';
import type { Ready } from '../../harness/lab/make-ready.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { Cell } from '../../harness/plan/types.ts';
import { APPLIANCE } from '../guest/nested-launch.ts';

const CELL: Cell = {
  id: 'k.nested.deterministic',
  kernel: 'k',
  guest: {
    ...DEFAULT_GUEST,
    topology: 'nested',
    refDelay: { pmNs: 10_000, hpetNs: 0, disturbance: null },
  },
  axes: {},
  expectation: { registration: ['refined'], from: ['default'] },
};
const KERNEL = { name: 'k', path: '/k/vmlinuz', sha256: 'a', release: '6.1', origin: 'o', cached: true };
const FAULT = new HostFault('tool-missing', 'ninja is missing', 'apt-get install ninja-build');

function readyWith(more: Partial<Ready>): Ready {
  return {
    qemu: 'qemu-system-x86_64',
    initrdPath: '/images/probe.cpio',
    tests: new Map(),
    kernels: new Map([['k', KERNEL]]),
    trial: null,
    traced: new Map(),
    nested: { appliance: null, pinned: null, exitsLibrary: null },
    appliance: APPLIANCE,
    ...more,
  };
}

test('a nested cell has the command of the appliance and that of its guest, and says what they are', () => {
  const made = commandOf(CELL, readyWith({}));
  expect(made).toMatchObject({
    accelerator: 'nested',
    emulator: 'pinned',
    appliance: { qemuVersion: '10.0.13' },
  });
  expect(made.reason).toContain('the appliance runs on tcg: deterministic time');
  expect(made.command).toContain('-initrd /appliance/appliance.cpio');
  expect(made.guestCommand).toMatch(/TSCMATRIX_PM_NS=10000 .*\/bin\/qemu-system-x86_64/);
  expect(made.guestCommand).toContain('-accel kvm');
});

test('the text is one that a shell takes: all but the outer command is a comment', async () => {
  const ready = readyWith({ qemu: 'emulate' });
  const text = commandText(CELL, ready);
  expect(text).toMatch(/^# k\.nested\.deterministic$/m);
  expect(text).toMatch(/^# On the pinned QEMU: an appliance of Linux 6\.1\.176 and QEMU 10\.0\.13$/m);
  expect(text).toMatch(/^# {3}.*-accel kvm/m);
  const folder = await mkdtemp(join(tmpdir(), 'command-text-'));
  try {
    // The appliance's console is redirected to a file here.
    const script = `emulate() { printf '%s\\0' "$@"; }\n${text}`;
    const said = execFileSync('/bin/sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
    const machine = needMachine(resolveMachine(CELL.guest, ready), 'there is one');
    const launch = launchOf(CELL, machine, KERNEL.path, ready);
    expect(said.split('\0').slice(0, -1)).toEqual(launch.argv);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('an appliance that cannot be made is the reason, with its hint', () => {
  const nested = { appliance: FAULT, pinned: null, exitsLibrary: null };
  const ready = readyWith({ nested, appliance: null });
  expect(commandOf(CELL, ready)).toMatchObject({
    command: null,
    guestCommand: null,
    reason: expect.stringMatching(/could not be made here: ninja is missing \(apt-get install ninja-build\)/),
  });
  expect(commandText(CELL, ready)).toContain('# not possible here');
});

test('a guest that runs directly has one command', () => {
  const cell: Cell = { ...CELL, id: 'k.tcg', guest: { ...DEFAULT_GUEST, clock: 'real' } };
  const made = commandOf(cell, readyWith({ appliance: null }));
  expect(made).toMatchObject({ accelerator: 'tcg', emulator: 'system', guestCommand: null, appliance: null });
  expect(commandText(cell, readyWith({ appliance: null }))).not.toContain('appliance');
});
