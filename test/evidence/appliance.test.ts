/** The appliance's console: what became of the guest's QEMU, and of the appliance itself. */
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { gatherAppliance } from '../../harness/evidence/appliance.ts';
import { findTroubles } from '../../harness/evidence/appliance-troubles.ts';
import { APPLIANCE_NONCE, altered, capture } from './nested-capture.ts';

const look = (console: Uint8Array) => gatherAppliance(console, APPLIANCE_NONCE);
const stock = capture('stock.appliance');

test('a run that went well', () => {
  const seen = look(stock);
  expect(seen).toMatchObject({
    complete: true,
    protocol: 1,
    counts: { damaged: 0, missing: 0, conflicts: 0, foreign: 0 },
    kernel: { value: { release: '6.1.176' }, lines: [3] },
    clock: { value: { current: 'tsc-early' } },
    state: 'over',
    fault: null,
    guest: { ended: 'over', exitCode: 0, signal: null },
    stderr: [],
    qmpBroken: [],
    exits: { kind: 'counted' },
    troubles: [],
  });
  expect(seen.kernel?.value.version).toMatch(/^#1 /);
  expect(seen.guest.endNs).toBeGreaterThan(seen.guest.startNs ?? Number.POSITIVE_INFINITY);
  expect(seen.lastBeat?.value.tNs).toBeLessThan(seen.guest.endNs ?? 0);
  expect(seen.qmp.map(({ value }) => value)).toMatchObject([
    { QMP: { version: { qemu: { major: 10 } } } },
    { return: {} },
    { return: { qemu: { major: 10 } } },
    { return: { enabled: true, present: true } },
    { event: 'SHUTDOWN', data: { reason: 'guest-reset' } },
  ]);
});

test('a QEMU that refuses its arguments', () => {
  const seen = look(capture('qemu-refuses.appliance'));
  expect(seen).toMatchObject({
    complete: true,
    state: 'over',
    guest: { exitCode: 1, signal: null },
    qmp: [],
  });
  expect(seen.stderr.map(({ value }) => value)).toEqual([
    'qemu: unsupported machine type: "nonsense"',
    'Use -machine help to list supported machines',
  ]);
});

test('a guest that the appliance ended', () => {
  const seen = look(capture('past-limit.appliance'));
  expect(seen).toMatchObject({
    complete: true,
    state: 'limit',
    guest: { ended: 'limit', exitCode: null, signal: 9 },
    exits: { kind: 'counted' },
  });
});

test('an appliance that never came up', () => {
  expect(look(capture('memory-too-small.appliance'))).toMatchObject({
    complete: false,
    protocol: null,
    kernel: null,
    state: null,
    guest: { startNs: null, endNs: null, ended: null, exitCode: null, signal: null },
    lastBeat: null,
    exits: null,
    troubles: [
      { kind: 'initramfs', line: 2 },
      { kind: 'panic', line: 3 },
    ],
  });
});

test('an appliance whose cell was cut off when it was unpacked', () => {
  expect(look(capture('cell-cut-off.appliance'))).toMatchObject({
    complete: true,
    state: 'fault',
    fault: { value: '/cell/questions: No such file or directory' },
    guest: { ended: null },
    troubles: [{ kind: 'initramfs', line: 2 }],
  });
});

describe('damage', () => {
  test('a console that is cut anywhere is not complete', () => {
    const end = stock.indexOf('frames=') + 'frames='.length;
    for (let at = 0; at < end; at += 23) expect(look(stock.subarray(0, at)).complete).toBe(false);
  });

  test('what came before the cut is still told', () => {
    const seen = look(stock.subarray(0, stock.indexOf('l2end')));
    expect(seen).toMatchObject({
      complete: false,
      state: null,
      guest: { ended: null, endNs: null },
      exits: null,
    });
    expect(seen.guest.startNs).toBeGreaterThan(0);
    expect(seen.lastBeat?.value.consoleBytes).toBeGreaterThan(10_000);
  });

  test('a changed byte makes a frame damaged, not different', () => {
    const seen = look(altered(stock, 'state=over exit=0', 'state=over exit=1'));
    expect(seen).toMatchObject({
      complete: false,
      counts: { damaged: 1, missing: 1 },
      guest: { exitCode: null },
    });
    const hex = /l2exits [0-9a-f]{30}/.exec(stock.toString('latin1'))?.[0] ?? '';
    expect(look(altered(stock, hex, `${hex.slice(0, -1)}x`))).toMatchObject({
      complete: false,
      exits: { kind: 'unreadable' },
    });
  });

  test('a kernel line inside a frame changes nothing', () => {
    const seen = look(
      altered(stock, 'l2end state=', 'l2end [    4.000000] random: crng init done\r\nstate='),
    );
    expect(seen).toMatchObject({ complete: true, counts: { recovered: 1 }, guest: { exitCode: 0 } });
  });
});

function frames(texts: readonly (readonly [string, string])[]): Buffer {
  const lines = texts.map(([kind, payload], seq) => {
    const crc = crc32(`${APPLIANCE_NONCE} ${seq} ${kind} ${payload}`).toString(16).padStart(8, '0');
    return `@tsc ${APPLIANCE_NONCE} ${seq} ${crc} ${kind} ${payload}\n`;
  });
  return Buffer.from(lines.join(''));
}

test('QEMU’s words are taken as they are, and never trusted', () => {
  const seen = look(
    frames([
      ['l1begin', 'protocol=1 t_ns=1'],
      ['l2qmp', '{"return": "a\\x5c"b\\x5cu001b[31m \\xc3\\xa9"}'],
      ['l2qmp', '{"return": '],
      ['l2stderr', 'qemu: \\x1b[31mred [    1.000000] Kernel panic - not syncing: not ours'],
      ['l1fault', '/dev/kvm: No such file or directory'],
      ['l1end', 'frames=6 state=fault'],
    ]),
  );
  expect(seen).toMatchObject({
    complete: true,
    state: 'fault',
    fault: { value: '/dev/kvm: No such file or directory' },
    qmp: [{ value: { return: 'a"b\u001b[31m é' } }],
    qmpBroken: [{ value: '{"return": ', lines: [3] }],
    troubles: [],
  });
  // The escape sequence is gone, so it is safe to show.
  expect(seen.stderr[0]?.value).toBe('qemu: red [    1.000000] Kernel panic - not syncing: not ours');
});

// As printed by mm/oom_kill.c, kernel/watchdog.c, kernel/rcu/tree_stall.h, kernel/hung_task.c, arch/x86/mm/fault.c of 6.1.
test.each([
  [
    'out-of-memory',
    'qemu invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0',
  ],
  [
    'out-of-memory',
    'Out of memory: Killed process 16 (qemu) total-vm:1183284kB, anon-rss:80000kB, file-rss:0kB',
  ],
  ['panic', 'Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b'],
  ['lockup', 'watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [qemu:16]'],
  ['lockup', 'rcu: INFO: rcu_sched self-detected stall on CPU'],
  ['oops', 'BUG: unable to handle page fault for address: ffffffffffffffd8'],
  ['oops', 'Oops: 0000 [#1] PREEMPT SMP NOPTI'],
  ['hung-task', 'INFO: task qemu:16 blocked for more than 120 seconds.'],
  [
    'crashed',
    'qemu[16]: segfault at 10 ip 000055d0 sp 00007ffd error 4 in qemu[55d0+1000] likely on CPU 0 (core 0, socket 0)',
  ],
])('%s: %s', (kind, text) => {
  expect(findTroubles([{ n: 7, text: `[    1.234567] ${text}` }])).toEqual([
    { kind, line: 7, text: `[    1.234567] ${text}` },
  ]);
});
