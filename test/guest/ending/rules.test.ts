/** The rules that come before the guest's own end: what this host did. */
import { describe, expect, test } from 'vitest';
import { endingOf, recordedEnding } from '../../../harness/guest/ending/rules.ts';
import type { Seen, Stop } from '../../../harness/guest/ending/seen.ts';
import { NOTHING_YET } from '../../../harness/guest/watch/console-watch.ts';
import { DEFAULT_GUEST } from '../../../harness/matrix/settings.ts';
import { machine, made, shutdown, TALKED } from './made-seen.ts';

const stalled: Stop = { kind: 'stalled', limit: 'wall', wallMs: 61_000, moved: true, detail: 'quiet' };
const judge = (more: Partial<Seen>) => endingOf(made(more));

describe('a guest of two CPUs under -icount', () => {
  const guest = { ...DEFAULT_GUEST, clock: 'deterministic', smp: 2 } as const;
  const stopped = (stop: Stop, version = '7.2.22', more: Partial<Seen> = {}) =>
    judge({ launch: { guest }, stop, outer: machine(version), ...more });

  test.each<[string, Stop]>([
    ['in guest time', { ...stalled, limit: 'guest-time' }],
    ['by its CPU time', { ...stalled, moved: false }],
    ['before its first byte', { kind: 'silent', wallMs: 61_000 }],
    [
      'by a whole second of its time that a busy host did not give it',
      { kind: 'frozen', ran: true, detail: '' },
    ],
    ['at the limit on the whole', { kind: 'deadline', wallMs: 181_000, silentMs: 150_000 }],
  ])('that old QEMU starves is told the same, however its silence is noticed: %s', (_, stop) => {
    for (const version of ['7.2.22', '8.0.4'])
      expect(stopped(stop, version)).toEqual({
        kind: 'host-fault',
        code: 'qemu-unsupported',
        detail: `QEMU ${version} can starve a CPU of 2 under -icount, which 8.1 mended; the guest stalled`,
      });
    for (const version of ['8.1.0', '10.0.2'])
      expect(stopped(stop, version)).not.toMatchObject({ code: 'qemu-unsupported' });
  });

  test('may go wrong in other ways as well', () => {
    expect(stopped({ kind: 'frozen', ran: false, detail: '' })).toMatchObject({ code: 'guest-frozen' });
    expect(stopped({ kind: 'deadline', wallMs: 181_000, silentMs: 900 })).toMatchObject({ kind: 'deadline' });
    const alone = { launch: { guest: { ...guest, smp: 1 } } };
    expect(stopped(stalled, '7.2.22', alone)).toEqual({ kind: 'stalled', limit: 'wall', detail: 'quiet' });
    const real = { launch: { guest: { ...guest, clock: 'real' } as const } };
    expect(stopped(stalled, '7.2.22', real)).toMatchObject({ kind: 'stalled' });
    const console = { ...TALKED, panicked: true };
    expect(stopped({ kind: 'last-word' }, '7.2.22', { console })).toEqual({ kind: 'panic' });
  });
});

test('a silence in which guest time was not seen to move is not the kernel’s', () => {
  expect(judge({ stop: { ...stalled, moved: false } })).toMatchObject({ code: 'guest-frozen' });
  expect(judge({ stop: stalled })).toMatchObject({ kind: 'stalled' });
});

test('a guest that used up its time and never printed is silent', () => {
  expect(judge({ stop: stalled, console: NOTHING_YET })).toEqual({ kind: 'silent', wallMs: 61_000 });
});

test('a QEMU that was held at the end of its guest, and then told to quit, ended as the guest did', () => {
  const events = [...shutdown('guest-reset'), ...shutdown('host-qmp-quit')];
  expect(judge({ events })).toMatchObject({ kind: 'reset', detail: expect.stringContaining('guest-reset') });
});

test('a machine that could not be asked gives no result', () => {
  const console = { ...TALKED, ended: true };
  const finished = { kind: 'finished' } as const;
  expect(judge({ console, outer: null, machine: null })).toMatchObject({ code: 'qemu-failed' });
  expect(judge({ console })).toEqual(finished);
  expect(judge({ outer: null, machine: null })).toMatchObject({
    code: 'qemu-failed',
    detail: expect.stringContaining('without having told over QMP'),
  });
  expect(judge({ outer: null, machine: null, events: shutdown('guest-reset') })).toMatchObject({
    kind: 'reset',
  });
  // As an earlier version recorded it.
  expect(recordedEnding(finished, null)).toMatchObject({ code: 'qemu-failed' });
  expect(recordedEnding(finished, machine('7.2.22'))).toEqual(finished);
});

describe('a console that could not grow', () => {
  const full = '/results/console.log holds 5000 bytes';

  test('says nothing of the guest, unless its end is on it', () => {
    for (const more of [
      { events: shutdown('guest-reset') },
      { events: shutdown('guest-shutdown') },
      { stop: stalled },
      { console: { ...TALKED, panicked: true } },
    ])
      expect(judge({ ...more, full })).toEqual({ kind: 'host-fault', code: 'disk-full', detail: full });
    expect(judge({ full, console: { ...TALKED, ended: true } })).toEqual({ kind: 'finished' });
  });

  test('and whose QEMU the limit on a file’s size has ended', () => {
    const exit = { exitCode: null, signal: 'SIGXFSZ', stderr: '' };
    expect(judge({ exit, full })).toMatchObject({ code: 'disk-full', detail: expect.stringContaining(full) });
    expect(judge({ exit })).toMatchObject({
      code: 'disk-full',
      detail: expect.stringContaining('ulimit -f'),
    });
  });
});
