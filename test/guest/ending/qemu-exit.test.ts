/** What QEMU's exit, words and events amount to. The words are QEMU's own, from 7.2 where nothing else is said. */
import { describe, expect, test } from 'vitest';
import type { Ending } from '../../../harness/guest/ending/ending.ts';
import { endingOf } from '../../../harness/guest/ending/rules.ts';
import type { QemuExit, Seen } from '../../../harness/guest/ending/seen.ts';
import { type ConsoleState, NOTHING_YET } from '../../../harness/guest/watch/console-watch.ts';
import { made, shutdown, TALKED } from './made-seen.ts';

const endingOfExit = (exit: QemuExit, console: ConsoleState, events: Seen['events']): Ending =>
  endingOf(made({ exit, console, events }));
const Q = 'qemu-system-x86_64: ';

function exit(exitCode: number | null, stderr = '', signal: string | null = null): QemuExit {
  return { exitCode, signal, stderr };
}

test.each([
  `${Q}-nonsense: invalid option`,
  `${Q}unsupported machine type\nUse -machine help to list supported machines`,
  // QEMU 9.0 and later.
  `${Q}unsupported machine type: "pc-q35-5.0"\nUse -machine help to list supported machines`,
  `${Q}unable to find CPU model 'nonsense'`,
  `${Q}Property 'max-x86_64-cpu.nonsense' not found`,
  `${Q}can't apply global max-x86_64-cpu.nonsense=on: Property 'max-x86_64-cpu.nonsense' not found`,
  `${Q}Property 'microvm-machine.hpet' not found`,
  `${Q}Parameter 'hpet' expects 'on' or 'off'`,
  `${Q}CPU model 'host' requires KVM or HVF`,
  `${Q}-accel nonsense: invalid accelerator nonsense`,
  `${Q}-accel tcg,thread=silly: Invalid 'thread' setting silly`,
  `${Q}-sandbox on,foo=bar: Invalid parameter 'foo'`,
  `${Q}-sandbox on: -sandbox support is not enabled in this QEMU binary`,
  `${Q}Invalid SMP CPUs 300. The max CPUs supported by machine 'pc-i440fx-7.2' is 255`,
  `${Q}warning: TCG doesn't support requested feature: CPUID.80000007H:EDX.invtsc [bit 8]\n${Q}TCG doesn't support requested features`,
  // QEMU 10.
  `${Q}Invalid CPU topology: CPU topology parameters must be greater than zero`,
  `${Q}-icount is not allowed with hardware virtualization`,
])('unsupported: %s', (stderr) => {
  expect(endingOfExit(exit(1, stderr), NOTHING_YET, [])).toMatchObject({ code: 'qemu-unsupported' });
});

test.each([
  "qemu: could not open kernel file '/nonexist': No such file or directory",
  'qemu: invalid kernel header',
  `${Q}cannot set up guest memory 'pc.ram': Cannot allocate memory`,
  // The warning is not what ended it.
  `${Q}warning: TCG doesn't support requested feature: CPUID.01H:ECX.x2apic [bit 21]\nqemu: invalid kernel header`,
  '',
])('failed: %s', (stderr) => {
  expect(endingOfExit(exit(1, stderr), NOTHING_YET, [])).toMatchObject({ code: 'qemu-failed' });
});

test.each([
  exit(1, 'Could not access KVM kernel module: No such file or directory\nfailed to initialize kvm'),
  exit(1, 'Could not access KVM kernel module: Permission denied'),
  exit(null, `${Q}../target/i386/kvm/kvm.c:3230: kvm_buf_set_msrs: Assertion failed.`, 'SIGABRT'),
])('an accelerator that does not work: %j', (how) => {
  expect(endingOfExit(how, NOTHING_YET, [])).toMatchObject({ code: 'no-accelerator' });
});

test('setpriv tells with 127 that there is no QEMU', () => {
  const words = 'setpriv: failed to execute qemu-system-pdp11: No such file or directory';
  expect(endingOfExit(exit(127, words), NOTHING_YET, [])).toEqual({
    kind: 'host-fault',
    code: 'qemu-missing',
    detail: words,
  });
});

describe('an exit in good order', () => {
  test('with the end marker has finished, whatever else is known', () => {
    const console = { ...TALKED, ended: true, panicked: true };
    expect(endingOfExit(exit(0), console, shutdown('guest-reset'))).toEqual({ kind: 'finished' });
    expect(endingOfExit(exit(null, '', 'SIGKILL'), console, [])).toEqual({ kind: 'finished' });
  });

  test('after a panic is the panic, though panic=-1 resets the machine', () => {
    const console = { ...TALKED, panicked: true };
    expect(endingOfExit(exit(0), console, shutdown('guest-reset'))).toEqual({ kind: 'panic' });
    expect(endingOfExit(exit(0), console, [])).toEqual({ kind: 'panic' });
  });

  test('by a reset is a reset', () => {
    expect(endingOfExit(exit(0), TALKED, shutdown('guest-reset'))).toMatchObject({ kind: 'reset' });
  });

  test('by a reset before the first byte says so: an early panic is not told either', () => {
    expect(endingOfExit(exit(0), NOTHING_YET, shutdown('guest-reset'))).toMatchObject({
      kind: 'reset',
      detail: expect.stringContaining('before it printed anything'),
    });
  });

  test('by a power-off cuts the console short', () => {
    expect(endingOfExit(exit(0), TALKED, shutdown('guest-shutdown'))).toMatchObject({ kind: 'truncated' });
  });

  test('without an event claims neither reset nor power-off', () => {
    expect(endingOfExit(exit(0), TALKED, [])).toMatchObject({
      kind: 'truncated',
      detail: expect.stringContaining('did not say why'),
    });
  });

  test.each([
    [exit(0, `${Q}terminating on signal 15 from pid 5 (timeout)`), shutdown('host-signal')],
    // The event was missed; stderr tells.
    [exit(0, `${Q}terminating on signal 15 from pid 5 (timeout)`), []],
    [exit(0), shutdown('host-qmp-quit')],
  ])('that came from outside is the host’s: %j', (how, events) => {
    expect(endingOfExit(how, TALKED, events)).toMatchObject({ kind: 'host-fault', code: 'qemu-killed' });
  });
});

test('a signal is a death, also after a panic line', () => {
  const console = { ...TALKED, panicked: true };
  expect(endingOfExit(exit(null, '', 'SIGKILL'), console, [])).toMatchObject({ code: 'qemu-killed' });
});
