// A guest on our terminal: the launch of a cell, with nothing else changed.
import { expect, test } from 'vitest';
import { decide } from '../../harness/guest/accelerator.ts';
import { makeLaunch } from '../../harness/guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../../harness/guest/launch/command-line.ts';
import { onTerminal } from '../../harness/guest/launch/terminal.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import { APPLIANCE } from './nested-launch.ts';

const SIZE = { columns: 120, rows: 40 };

function launchOf(topology: 'tcg' | 'nested') {
  const guest = { ...DEFAULT_GUEST, topology, clock: 'real' as const };
  return makeLaunch({
    guest,
    ...decide(guest, topology, 'a test'),
    qemu: 'qemu',
    firmwareDir: null,
    appliance: topology === 'nested' ? APPLIANCE : null,
    exitsLibrary: null,
    kernelPath: '/k',
    initrdPath: '/i',
    probe: { nonce: '0badcafe', ...PROBE_DEFAULTS },
  });
}

test('a guest of our QEMU: its serial port is the terminal, Ctrl-C is its own', () => {
  const launch = launchOf('tcg');
  const { argv, commandLine } = onTerminal(launch, SIZE);
  expect(argv.slice(0, 2)).toEqual(['-chardev', 'stdio,id=guest,mux=on,signal=off']);
  expect(argv[argv.indexOf('-serial') + 1]).toBe('chardev:guest');
  expect(commandLine).toBe(launch.commandLine.replace('tscprobe.nonce=0badcafe', 'tscshell.size=120x40'));
  expect(argv).toContain(commandLine);
  expect(argv.filter((word) => !launch.argv.includes(word))).toHaveLength(4);
});

test('with a debugger it waits, and addresses are those of vmlinux', () => {
  const { argv, commandLine } = onTerminal(launchOf('tcg'), { ...SIZE, gdbSocket: 'gdb.sock' });
  expect(argv.slice(-3)).toEqual(['-S', '-gdb', 'unix:gdb.sock,server=on,wait=off']);
  expect(commandLine).toContain(' nokaslr');
});

test('a nested guest: the second serial port of the appliance, which waits for no console', () => {
  const { argv } = onTerminal(launchOf('nested'), SIZE);
  const text = argv.join('\n');
  expect(text).toContain('-chardev\nstdio,id=guest,mux=on,signal=off\n-serial\nchardev:guest');
  expect(text).toContain('\n-serial\n/dev/ttyS1\n');
  expect(text).not.toContain('/run/console');
  expect(text).toContain('tscshell.size=120x40');
  expect(text).toContain('isa-debugcon,iobase=0xe9,chardev=unused');
  expect(/tscl1\.silence_ms=(\d+)/.exec(text)?.[1]).toBe('2592000000');
  // The appliance's own console stays the first port.
  expect(argv.indexOf('chardev:appliance')).toBeLessThan(argv.indexOf('chardev:guest'));
});
