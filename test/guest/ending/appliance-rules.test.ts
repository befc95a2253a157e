/** The end of a nested guest, from what was seen outside and what the appliance told: fault by fault. */
import { describe, expect, test } from 'vitest';
import { type ApplianceEvidence, gatherAppliance } from '../../../harness/evidence/appliance.ts';
import {
  type Ending,
  HOST_FAULTS,
  type HostFaultCode,
  isRetryable,
} from '../../../harness/guest/ending/ending.ts';
import { endingOf } from '../../../harness/guest/ending/rules.ts';
import type { Seen } from '../../../harness/guest/ending/seen.ts';
import { APPLIANCE_NONCE, altered, capture } from '../../evidence/nested-capture.ts';
import { leadingTo, made } from './made-seen.ts';

const look = (name: string): ApplianceEvidence =>
  gatherAppliance(capture(`${name}.appliance`), APPLIANCE_NONCE);
/** QEMU ended, and the guest's QEMU with it: a run that went well. */
const stock = look('stock');
/** The same console cut off where the appliance was still at work. */
const running = gatherAppliance(
  capture('stock.appliance').subarray(0, capture('stock.appliance').indexOf(' l2end ')),
  APPLIANCE_NONCE,
);
const CONSOLE_BYTES = capture('stock.console').length;

const FINISHED: Ending = { kind: 'finished' };
const PANIC: Ending = { kind: 'panic' };
const FLOOD: Ending = { kind: 'flood', bytes: 9_000_000 };
const RESET: Ending = { kind: 'reset', detail: 'the machine reset itself without the end marker' };
const TRUNCATED: Ending = { kind: 'truncated', detail: 'QEMU ended in order' };
const SILENT: Ending = { kind: 'silent', wallMs: 61_000 };
const STALLED: Ending = { kind: 'stalled', limit: 'wall', detail: 'nothing on the console for 61 s' };
const DEADLINE: Ending = { kind: 'deadline', wallMs: 181_000 };
const fault = (code: HostFaultCode): Ending => ({ kind: 'host-fault', code, detail: 'seen' });

/** `own`: how the guest's own end looked; `more`: what else was seen. */
function judge(
  own: Ending,
  appliance: ApplianceEvidence,
  bytes = CONSOLE_BYTES,
  more: Partial<Seen> = {},
): Ending {
  const seen = made({ ...leadingTo(own), appliance, ...more });
  const console = own.kind === 'flood' ? seen.console : { ...seen.console, bytes };
  return endingOf({ ...seen, console, launch: { ...seen.launch, nested: {} as never } });
}
const with_ = (changes: Partial<ApplianceEvidence>, from = stock): ApplianceEvidence => ({
  ...from,
  ...changes,
});
const guest = (changes: Partial<ApplianceEvidence['guest']>, from = stock): ApplianceEvidence =>
  with_({ guest: { ...from.guest, ...changes } }, from);
const trouble = (kind: ApplianceEvidence['troubles'][number]['kind']) =>
  with_({ troubles: [{ kind, line: 7, text: '[    1.0] what Linux said' }] });
const words = (...lines: string[]): ApplianceEvidence['stderr'] =>
  lines.map((value, at) => ({ value, lines: [at + 1] }));

describe('a run that went well', () => {
  test.each(['stock', 'stock-slow', 'stock-slow-hpet', 'known-frequency-slow', 'threshold-raised-disturbed'])(
    '%s finished',
    (name) => {
      expect(judge(FINISHED, look(name))).toEqual(FINISHED);
    },
  );

  test('a panic and a flood are the guest’s own, also at both its ends', () => {
    expect(judge(PANIC, stock)).toEqual(PANIC);
    expect(judge(FLOOD, stock)).toEqual(FLOOD);
    expect(judge(PANIC, running)).toEqual(PANIC);
    expect(judge(FLOOD, running)).toEqual(FLOOD);
  });
});

describe('what the guest’s QEMU says of its end, where the end marker is missing', () => {
  const shutdown = (reason: unknown): ApplianceEvidence =>
    with_({ qmp: [{ value: { event: 'SHUTDOWN', data: { guest: true, reason } }, lines: [9] }] });

  test('a reset', () => {
    expect(judge(RESET, shutdown('guest-reset'))).toEqual({
      kind: 'reset',
      detail: expect.stringContaining('(guest-reset)'),
    });
  });

  test('a power-off cuts the console short', () => {
    expect(judge(RESET, shutdown('guest-shutdown'))).toEqual({
      kind: 'truncated',
      detail: expect.stringContaining('powered itself off'),
    });
  });

  test('nothing at all, or something odd', () => {
    expect(judge(RESET, with_({ qmp: [] }))).toMatchObject({ detail: expect.stringContaining('(no event)') });
    for (const value of [null, 7, 'text', [], { event: 'RESET' }])
      expect(judge(RESET, with_({ qmp: [{ value, lines: [1] }] }))).toMatchObject({ kind: 'reset' });
    expect(judge(RESET, shutdown(undefined))).toMatchObject({ detail: expect.stringContaining('(unknown)') });
  });
});

describe('the guest’s QEMU', () => {
  test('that does not have its machine type would refuse it again', () => {
    expect(judge(RESET, look('qemu-refuses'))).toEqual({
      kind: 'host-fault',
      code: 'qemu-unsupported',
      detail:
        'the guest\'s QEMU gave up with exit code 1: qemu: unsupported machine type: "nonsense" / Use -machine help to list supported machines',
    });
  });

  test('that was refused its memory has an appliance that is too small', () => {
    const stderr = words("qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory");
    const refused = { ...guest({ exitCode: 1 }), stderr };
    expect(judge(RESET, refused)).toMatchObject({ code: 'appliance-memory' });
  });

  test('that gave up for another reason has failed, and a warning is no reason', () => {
    const stderr = words("qemu: warning: TCG doesn't support requested feature", 'qemu: something broke');
    expect(judge(RESET, { ...guest({ exitCode: 1 }), stderr })).toMatchObject({
      code: 'guest-qemu-failed',
      detail: expect.stringContaining('something broke'),
    });
  });

  test('that gave up in silence', () => {
    expect(judge(RESET, guest({ exitCode: 127 }))).toMatchObject({
      code: 'guest-qemu-failed',
      detail: "the guest's QEMU gave up with exit code 127: it said nothing",
    });
  });

  test('that died of a signal', () => {
    expect(judge(RESET, guest({ exitCode: null, signal: 11 }))).toMatchObject({
      code: 'guest-qemu-failed',
      detail: expect.stringContaining('signal 11'),
    });
  });

  test('has failed even where the console came to its end: what ran was not sound', () => {
    expect(judge(FINISHED, guest({ exitCode: null, signal: 6 }))).toMatchObject({
      code: 'guest-qemu-failed',
    });
    expect(judge(PANIC, guest({ exitCode: 1 }))).toMatchObject({ code: 'guest-qemu-failed' });
  });
});

describe('a guest that the appliance ended', () => {
  test('for passing its limit', () => {
    expect(judge(RESET, look('past-limit'))).toMatchObject({
      kind: 'host-fault',
      code: 'guest-stalled',
      detail: expect.stringMatching(/ran past its limit in guest time; the appliance was at \d+\.\d s/),
    });
  });

  test('for its silence', () => {
    expect(judge(RESET, guest({ ended: 'silence' }))).toMatchObject({
      code: 'guest-stalled',
      detail: expect.stringContaining('silent past the limit'),
    });
  });

  test('had panicked before', () => {
    expect(judge(PANIC, guest({ ended: 'silence' }))).toEqual(PANIC);
  });
});

describe('the appliance’s own kernel in trouble', () => {
  test.each([
    ['out-of-memory', 'appliance-memory'],
    ['initramfs', 'appliance-memory'],
    ['panic', 'appliance-crashed'],
    ['lockup', 'appliance-crashed'],
    ['oops', 'appliance-crashed'],
    ['hung-task', 'appliance-crashed'],
  ] as const)('%s is %s, whatever the guest looked like', (kind, code) => {
    for (const seen of [FINISHED, PANIC, FLOOD, RESET, TRUNCATED, SILENT, STALLED, DEADLINE])
      expect(judge(seen, trouble(kind))).toEqual({
        kind: 'host-fault',
        code,
        detail: expect.stringMatching(/line 7\S*: .*what Linux said/),
      });
  });

  test('a program of it that crashed is not the kernel: that shows in how QEMU ended', () => {
    expect(judge(FINISHED, trouble('crashed'))).toEqual(FINISHED);
  });

  test('memory goes before the panic that it leads to', () => {
    const both = look('memory-too-small');
    expect(both.troubles.map(({ kind }) => kind)).toEqual(['initramfs', 'panic']);
    expect(judge(RESET, both)).toMatchObject({ code: 'appliance-memory' });
    expect(judge(RESET, look('cell-cut-off'))).toMatchObject({ code: 'appliance-memory' });
  });
});

describe('an appliance', () => {
  const empty = gatherAppliance(new Uint8Array(), APPLIANCE_NONCE);

  test('that never came up', () => {
    for (const seen of [DEADLINE, fault('guest-frozen')]) expect(judge(seen, empty, 0)).toEqual(seen);
    for (const seen of [RESET, TRUNCATED, SILENT, STALLED, FINISHED])
      expect(judge(seen, empty, 0)).toMatchObject({
        code: 'appliance-failed',
        detail: expect.stringContaining('never came up'),
      });
  });

  test('that could not go on says why', () => {
    const appliance = with_({ fault: { value: '/dev/kvm: No such file or directory', lines: [4] } }, running);
    expect(judge(RESET, appliance)).toEqual(
      expect.objectContaining({ code: 'appliance-failed', detail: '/dev/kvm: No such file or directory' }),
    );
  });

  test('that ended without its last word', () => {
    for (const seen of [RESET, TRUNCATED])
      expect(judge(seen, running)).toMatchObject({
        code: 'appliance-crashed',
        detail: expect.stringMatching(/without its last word .* and had passed on \d+ bytes/),
      });
  });

  test('whose last frame is damaged ended without it', () => {
    const console = altered(capture('stock.appliance'), 'state=over exit=0', 'state=over exit=9');
    expect(judge(RESET, gatherAppliance(console, APPLIANCE_NONCE))).toMatchObject({
      code: 'appliance-crashed',
    });
  });
});

describe('who stood still', () => {
  const passedOn = running.lastBeat?.value.consoleBytes ?? Number.NaN;

  test.each([STALLED, SILENT])('a beat after the last byte: the guest ($kind)', (seen) => {
    expect(judge(seen, running, passedOn)).toMatchObject({
      code: 'guest-stalled',
      detail: expect.stringMatching(/the guest stood still while the appliance went on: .*61 s/),
    });
  });

  test.each([STALLED, SILENT])('no beat after the last byte: the appliance ($kind)', (seen) => {
    expect(judge(seen, running, passedOn + 1)).toMatchObject({ code: 'appliance-hung' });
    expect(judge(seen, with_({ lastBeat: null }, running), 0)).toMatchObject({
      code: 'appliance-hung',
      detail: expect.stringContaining('never told its time'),
    });
  });

  test('nobody, where the limit in wall time came first: the host is slow', () => {
    for (const bytes of [passedOn, passedOn + 1]) expect(judge(DEADLINE, running, bytes)).toEqual(DEADLINE);
  });

  test('the appliance, where the guest had come to its end', () => {
    expect(judge(FINISHED, running)).toMatchObject({
      code: 'appliance-hung',
      detail: expect.stringContaining('the guest came to its end'),
    });
  });

  test('a machine whose time stands still is the host’s: what is known of the appliance comes first', () => {
    expect(judge(fault('guest-frozen'), running, passedOn)).toEqual(fault('guest-frozen'));
    expect(judge(fault('guest-frozen'), trouble('oops'))).toMatchObject({ code: 'appliance-crashed' });
  });
});

test.each<[HostFaultCode, Partial<Seen>]>([
  ['qemu-killed', { exit: { exitCode: null, signal: 'SIGKILL', stderr: '' } }],
  ['qemu-failed', { exit: { exitCode: 1, signal: null, stderr: 'no' } }],
  ['qemu-missing', { exit: { exitCode: 127, signal: null, stderr: 'no' } }],
  ['no-accelerator', { exit: { exitCode: 1, signal: null, stderr: 'failed to initialize kvm' } }],
  ['disk-full', { full: 'no space is left' }],
])('a fault of the outer QEMU or of the host comes before what the appliance tells: %s', (code, more) => {
  expect(judge(RESET, trouble('panic'), CONSOLE_BYTES, more)).toMatchObject({ code });
});

test('a guest whose machine was not told has not been checked', () => {
  expect(judge(FINISHED, stock, CONSOLE_BYTES, { machine: null })).toMatchObject({ code: 'qemu-failed' });
});

describe('whether to try again', () => {
  const AGAIN: readonly HostFaultCode[] = [
    'guest-stalled',
    'guest-frozen',
    'guest-qemu-failed',
    'appliance-hung',
    'appliance-crashed',
  ];

  test.each(HOST_FAULTS)('%s', (code) => {
    expect(isRetryable(fault(code))).toBe(AGAIN.includes(code));
  });

  test('never for the kernel’s own end', () => {
    for (const ending of [FINISHED, PANIC, FLOOD, RESET, TRUNCATED, SILENT, STALLED, DEADLINE])
      expect(isRetryable(ending)).toBe(false);
  });
});
