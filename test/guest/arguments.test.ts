/** What QEMU and the kernel are asked, and how it is told to a person. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { shellWord } from '../../harness/base/shell.ts';
import { trialMachine } from '../../harness/guest/accelerator.ts';
import { makeLaunch } from '../../harness/guest/launch/arguments.ts';
import { PROBE_DEFAULTS, type ProbeOptions } from '../../harness/guest/launch/command-line.ts';
import { shellCommand } from '../../harness/guest/launch/shell.ts';
import { namedCpuFlags } from '../../harness/guest/machine/machine-questions.ts';
import type { Launch } from '../../harness/guest/types.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';

const PROBE: ProbeOptions = { nonce: '0badcafe', ...PROBE_DEFAULTS };

function launch(accelerator: 'tcg' | 'kvm', guest: Partial<GuestSpec>, probe = PROBE): Launch {
  return makeLaunch({
    ...trialMachine({ ...DEFAULT_GUEST, ...guest }, accelerator, '/usr/bin/qemu-system-x86_64'),
    kernelPath: '/kernels/vmlinuz-6.1',
    initrdPath: '/images/probe.cpio',
    probe,
  });
}

function commandLine(guest: Partial<GuestSpec>, probe = PROBE): string {
  return launch('tcg', guest, probe).commandLine;
}

describe('the argument list', () => {
  test('of a deterministic guest', () => {
    expect(shellCommand(launch('tcg', { clock: 'deterministic' }))).toMatchInlineSnapshot(`
      "/usr/bin/qemu-system-x86_64 \\
        -nodefaults \\
        -no-user-config \\
        -display none \\
        -no-reboot \\
        -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \\
        -machine pc-i440fx-7.2,hpet=on \\
        -accel tcg,thread=single \\
        -icount shift=0,sleep=off,align=off \\
        -seed 1 \\
        -cpu max \\
        -rtc base=2026-01-01T00:00:00,clock=vm \\
        -smp 1 \\
        -m 512 \\
        -kernel /kernels/vmlinuz-6.1 \\
        -initrd /images/probe.cpio \\
        -append 'console=ttyS0 ignore_loglevel panic=-1 nokaslr tscprobe.nonce=0badcafe' \\
        -serial stdio \\
        -qmp unix:qmp.sock,server=on,wait=off"
    `);
  });

  test('of a guest in real time', () => {
    const guest = { clock: 'real', hpet: false, smp: 2, machine: 'pc-q35-7.2', memoryMiB: 1024 } as const;
    expect(shellCommand(launch('tcg', guest))).toMatchInlineSnapshot(`
      "/usr/bin/qemu-system-x86_64 \\
        -nodefaults \\
        -no-user-config \\
        -display none \\
        -no-reboot \\
        -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \\
        -machine pc-q35-7.2,hpet=off \\
        -accel tcg \\
        -cpu max \\
        -rtc base=2026-01-01T00:00:00,clock=vm \\
        -smp 2 \\
        -m 1024 \\
        -kernel /kernels/vmlinuz-6.1 \\
        -initrd /images/probe.cpio \\
        -append 'console=ttyS0 ignore_loglevel panic=-1 tscprobe.nonce=0badcafe' \\
        -serial stdio \\
        -qmp unix:qmp.sock,server=on,wait=off"
    `);
  });

  test('of a KVM guest', () => {
    const guest = { clock: 'real', topology: 'kvm', cpu: 'host,migratable=off,+invtsc' } as const;
    expect(shellCommand(launch('kvm', guest))).toMatchInlineSnapshot(`
      "/usr/bin/qemu-system-x86_64 \\
        -nodefaults \\
        -no-user-config \\
        -display none \\
        -no-reboot \\
        -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \\
        -machine pc-i440fx-7.2,hpet=on \\
        -accel kvm \\
        -cpu host,migratable=off,+invtsc \\
        -rtc base=2026-01-01T00:00:00,clock=vm \\
        -smp 1 \\
        -m 512 \\
        -kernel /kernels/vmlinuz-6.1 \\
        -initrd /images/probe.cpio \\
        -append 'console=ttyS0 ignore_loglevel panic=-1 tscprobe.nonce=0badcafe' \\
        -serial stdio \\
        -qmp unix:qmp.sock,server=on,wait=off"
    `);
  });

  test.each(['tcg', 'kvm'] as const)(
    'has no network, no display and no configuration of the user: %s',
    (accelerator) => {
      const { argv } = launch(accelerator, { clock: 'real' });
      for (const word of ['-nodefaults', '-no-user-config', '-no-reboot', '-sandbox'])
        expect(argv).toContain(word);
      expect(argv.join(' ')).not.toMatch(/-net|-nic|-vga|accel=kvm:tcg/);
    },
  );
});

describe('the kernel command line', () => {
  const words = (guest: Partial<GuestSpec>, probe = PROBE): string[] => commandLine(guest, probe).split(' ');

  test('never decides the result by itself', () => {
    const line = commandLine({});
    expect(line).not.toMatch(/clocksource=|tsc=|quiet|loglevel=[0-6]/);
  });

  test('has fixed addresses only where time is deterministic', () => {
    expect(words({ clock: 'deterministic' })).toContain('nokaslr');
    expect(words({ clock: 'real' })).not.toContain('nokaslr');
  });

  test('hides the PM timer where there shall be none', () => {
    expect(words({ pmtimer: false })).toContain('pmtmr=0');
    expect(words({ pmtimer: true })).not.toContain('pmtmr=0');
  });

  test('takes additions, and says the probe’s times only where they are not the usual ones', () => {
    expect(words({ append: '  tsc=unstable  ' })).toContain('tsc=unstable');
    expect(words({}).join(' ')).not.toContain('tscprobe.deadline_ms');
    expect(words({}, { ...PROBE, deadlineMs: 500, settleMs: 0 })).toEqual(
      expect.arrayContaining(['tscprobe.nonce=0badcafe', 'tscprobe.deadline_ms=500', 'tscprobe.settle_ms=0']),
    );
  });
});

describe('the shell command', () => {
  const ODD = [
    '',
    ' ',
    "it's",
    '"',
    '$HOME',
    '`id`',
    '\\',
    'a\nb',
    '*',
    '!',
    '~',
    '#',
    '-x',
    "''",
    'ü',
    '=;&|<>(){}[]?',
  ];

  test.each(ODD)('%j comes through a real shell unchanged', async (word) => {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `printf '%s' ${shellWord(word)}`]);
    expect(stdout).toBe(word);
  });

  test('gives a program exactly the arguments of the launch', async () => {
    const real = launch('tcg', { append: 'dyndbg="file tsc.c +p" x=\'$(id)\'' });
    const argv = [...real.argv, ...ODD];
    const command = shellCommand({ qemu: 'printf', argv: ['%s\\0', ...argv] });
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command]);
    expect(stdout.split('\0').slice(0, -1)).toEqual(argv);
  });
});

test.each([
  ['max', []],
  ['EPYC,+invtsc', [['invtsc', true]]],
  [
    'EPYC,-x2apic,pmu=off,x-force-features=yes',
    [
      ['x2apic', false],
      ['pmu', false],
      ['x-force-features', true],
    ],
  ],
  ['host,tsc-frequency=2000000000,model-id=A B', []],
] as const)('-cpu %s names its flags', (cpu, flags) => {
  expect(namedCpuFlags(cpu).map(({ name, on }) => [name, on])).toEqual(flags);
});
