/** Following a console and a silence, without a guest: text and time come as arguments. */
import { describe, expect, test } from 'vitest';
import type { Stop } from '../../harness/guest/ending/seen.ts';
import { type ConsoleState, NOTHING_YET, watchLines } from '../../harness/guest/watch/console-watch.ts';
import { DEFAULT_LIMITS, type Limits, limitsFor } from '../../harness/guest/watch/limits.ts';
import { type Moment, stopNow } from '../../harness/guest/watch/monitor.ts';
import {
  follow,
  judgeSilence,
  type Sample,
  type Silence,
  startSilence,
} from '../../harness/guest/watch/progress-watch.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';

const NONCE = '0badcafe';

describe('the console', () => {
  const see = (text: string, before: ConsoleState = NOTHING_YET): ConsoleState =>
    watchLines(before, text, text.length, { nonce: NONCE });

  test('a kernel line tells the phase and the guest time', () => {
    const state = see('[    0.000000] Linux version\r\n[    1.250000] more\r\n');
    expect(state).toMatchObject({ phase: 'kernel', guestS: 1.25, ended: false, bytes: 51 });
  });

  test('frames lead through probe and settled to the end', () => {
    const probe = see(`@tsc ${NONCE} 0 00000000 begin protocol=1 uptime_ns=1 tsc=1\r\n`);
    expect(probe).toMatchObject({ phase: 'probe', ended: false });
    const beat = see(`@tsc ${NONCE} 4 00000000 beat t_ns=3500000000\r\n`, probe);
    expect(beat).toMatchObject({ phase: 'probe', guestS: 3.5 });
    const settled = see(`@tsc ${NONCE} 5 00000000 settled state=never t_ns=9000000000\r\n`, beat);
    expect(settled).toMatchObject({ phase: 'settled', guestS: 9, ended: false });
    expect(see(`@tsc ${NONCE} 9 00000000 end frames=10 state=never\r\n`, settled).ended).toBe(true);
  });

  test('a frame with another nonce, or not at the start of a line, ends nothing', () => {
    expect(see('@tsc 11111111 9 00000000 end frames=10 state=never\r\n').ended).toBe(false);
    expect(see(`echo @tsc ${NONCE} 9 00000000 end frames=10 state=never\r\n`).ended).toBe(false);
  });

  test('a panic is seen, also where it cuts a frame', () => {
    expect(see('[    2.0] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n').panicked).toBe(true);
    expect(see(`@tsc ${NONCE} 3 00[    2.000000] Kernel panic - not syncing: oops\r\n`).panicked).toBe(true);
  });
});

describe('a silence', () => {
  const look = (wallMs: number, more: Partial<Sample> = {}): Sample => ({
    wallMs,
    cpuMs: wallMs,
    waitedMs: null,
    consoleBytes: 100,
    guestS: null,
    ...more,
  });
  const quietAfter = (looks: readonly Sample[]): Silence => looks.reduce(follow, startSilence(look(0)));
  const judge = (looks: readonly Sample[]): Stop | null =>
    judgeSilence(quietAfter(looks), looks.at(-1) as Sample, DEFAULT_LIMITS);

  test('is waited for as long as guest time moves', () => {
    expect(judge([look(3000, { guestS: 2 }), look(59_000, { guestS: 3 })])).toBeNull();
  });

  test('that is too long in wall time is a stall', () => {
    const looks = [look(3000, { guestS: 2 }), look(30_000, { guestS: 20 }), look(61_000, { guestS: 50 })];
    expect(judge(looks)).toMatchObject({ kind: 'stalled', limit: 'wall' });
  });

  test('that is too long in guest time is a stall, however short', () => {
    expect(judge([look(2500, { guestS: 2 }), look(3000, { guestS: 123 })])).toMatchObject({
      kind: 'stalled',
      limit: 'guest-time',
    });
  });

  test('of a guest that never printed is called silent', () => {
    const never = { consoleBytes: 0 };
    const looks = [
      look(0, never),
      look(3000, { ...never, guestS: 2 }),
      look(61_000, { ...never, guestS: 50 }),
    ];
    expect(judge(looks)).toMatchObject({ kind: 'silent' });
  });

  test('of a QEMU that does not run is the host’s fault', () => {
    const stopped = { cpuMs: 3000, guestS: 2 };
    expect(judge([look(3000, stopped), look(22_000, stopped)])).toBeNull();
    expect(judge([look(3000, stopped), look(23_100, stopped)])).toMatchObject({ kind: 'frozen' });
  });

  test('of a QEMU that runs slowly is waited for longer: a second of guest time may take its time', () => {
    const slow = { guestS: 2 };
    expect(judge([look(3000, slow), look(45_000, slow)])).toBeNull();
    expect(judge([look(3000, slow), look(61_000, slow)])).toMatchObject({ kind: 'frozen' });
  });

  test('in which QEMU waits for a CPU does not count: the host’s load decides nothing', () => {
    const waits = (wallMs: number, waitedMs: number) =>
      look(wallMs, { cpuMs: wallMs - waitedMs, waitedMs, guestS: Math.floor(wallMs / 1000) });
    expect(judge([waits(3000, 2000), waits(70_000, 68_000)])).toBeNull();
    expect(judge([waits(3000, 2000), waits(170_000, 112_100)])).toBeNull();
    expect(judge([waits(3000, 2000), waits(170_000, 111_900)])).toMatchObject({ kind: 'stalled' });
    // Neither is it idle.
    const starved = (wallMs: number, waitedMs: number) => look(wallMs, { cpuMs: 3000, waitedMs, guestS: 2 });
    expect(judge([starved(3000, 0), starved(25_000, 22_000)])).toBeNull();
    expect(judge([starved(3000, 0), starved(25_000, 0)])).toMatchObject({ kind: 'frozen', ran: false });
  });

  test('of a QEMU that does not answer is the host’s fault', () => {
    expect(judge([look(10_000), look(61_000)])).toMatchObject({ kind: 'frozen' });
  });

  test('starts anew with each byte, and guest time with it', () => {
    const quiet = quietAfter([look(3000, { guestS: 2 }), look(4000, { consoleBytes: 200, guestS: 2 })]);
    expect(quiet).toMatchObject({ sinceWallMs: 4000, sinceGuestS: null, lastGuestS: null });
    // 198 s have passed since the earlier silence, none of them in this one.
    const later = look(7000, { consoleBytes: 200, guestS: 200 });
    expect(judgeSilence(follow(quiet, later), later, DEFAULT_LIMITS)).toBeNull();
  });
});

describe('a silence in which QEMU uses its CPU', () => {
  const limits: Limits = { ...DEFAULT_LIMITS, stallCpuMs: 20_000 };
  const look = (wallMs: number, cpuMs: number, consoleBytes = 100): Sample => ({
    wallMs,
    cpuMs,
    waitedMs: null,
    consoleBytes,
    guestS: null,
  });
  const judge = (looks: readonly Sample[], by = limits): Stop | null => {
    const [first, ...rest] = looks as [Sample, ...Sample[]];
    return judgeSilence(rest.reduce(follow, startSilence(first)), looks.at(-1) as Sample, by);
  };

  test('is a stall once it has used too much of it', () => {
    expect(judge([look(0, 0), look(21_000, 20_000)])).toBeNull();
    expect(judge([look(0, 0), look(21_000, 20_001)])).toEqual({
      kind: 'stalled',
      limit: 'wall',
      wallMs: 21_000,
      moved: false,
      detail: 'nothing on the console while QEMU used 20.0 s of CPU time',
    });
  });

  test('is judged by that time alone: a busy host may take long to give it', () => {
    expect(judge([look(0, 0), look(59_000, 19_000)])).toBeNull();
  });

  test('has three times as much before the first byte', () => {
    expect(judge([look(0, 0, 0), look(55_000, 60_000, 0)])).toBeNull();
    expect(judge([look(0, 0, 0), look(55_000, 60_001, 0)])).toMatchObject({ kind: 'stalled' });
  });

  test('starts anew with each byte', () => {
    expect(judge([look(0, 0), look(18_000, 18_000, 101), look(37_000, 37_000, 101)])).toBeNull();
    expect(judge([look(0, 0), look(18_000, 18_000, 101), look(39_000, 39_000, 101)])).not.toBeNull();
  });

  test('of a nested guest is a stall within seconds of CPU time, and none within minutes of a busy host', () => {
    const nested: Limits = limitsFor(DEFAULT_GUEST, 'nested');
    expect(judge([look(0, 0), look(11_000, 10_500)], nested)).toMatchObject({ kind: 'stalled' });
    expect(judge([look(0, 0, 0), look(31_000, 30_500, 0)], nested)).toMatchObject({ kind: 'stalled' });
    // A tenth of a CPU: its own time has moved.
    const slow = { ...look(100_000, 9_000), guestS: 3 };
    expect(judge([look(0, 0), { ...look(3000, 300), guestS: 2 }, slow], nested)).toBeNull();
    const never = { ...look(160_000, 9_000), guestS: 3 };
    expect(judge([look(0, 0), { ...look(3000, 300), guestS: 2 }, never], nested)).toMatchObject({
      kind: 'stalled',
      limit: 'wall',
    });
  });

  test('is longer where each of the probe’s reads is', () => {
    const cpuMs = (refDelay: GuestSpec['refDelay']) =>
      limitsFor({ ...DEFAULT_GUEST, refDelay }, 'nested').stallCpuMs;
    const disturbance = { kind: 'every', every: 10, ns: 1_000_000 } as const;
    expect(cpuMs({ pmNs: 0, hpetNs: 0, disturbance: null })).toBe(10_000);
    // 800 reads of 5 ms are 4 s, which a slow host takes 80 s for.
    expect(cpuMs({ pmNs: 5_000_000, hpetNs: 0, disturbance: null })).toBe(90_000);
    expect(cpuMs({ pmNs: 0, hpetNs: 1_000_000, disturbance: null })).toBe(14_000);
    expect(cpuMs({ pmNs: 0, hpetNs: 0, disturbance })).toBe(12_000);
    const byChance = { kind: 'random', probability: 0.5, seed: 1, ns: 1_000_000 } as const;
    expect(cpuMs({ pmNs: 0, hpetNs: 0, disturbance: byChance })).toBe(20_000);
  });

  test('has no such limit where the guest has the host’s time', () => {
    expect(judge([look(0, 0), look(59_000, 59_000)], DEFAULT_LIMITS)).toBeNull();
    expect(limitsFor({ ...DEFAULT_GUEST, clock: 'real' }, 'tcg')).toEqual(DEFAULT_LIMITS);
  });

  test('is where instructions are counted told by that time alone, at any load of the host', () => {
    const counted = limitsFor({ ...DEFAULT_GUEST, clock: 'deterministic' }, 'tcg');
    for (const share of [1, 0.5, 0.1, 0.03]) {
      const at = (cpuMs: number): Sample => ({
        ...look(cpuMs / share, cpuMs),
        guestS: Math.floor(cpuMs / 9000),
      });
      const looks = [1, 3000, 10_000, 20_000, 29_000].map(at);
      expect(judge(looks, counted), String(share)).toBeNull();
      expect(judge([...looks, at(30_100)], counted)).toMatchObject({ kind: 'stalled', moved: true });
    }
  });
});

describe('a running guest', () => {
  const look: Sample = {
    wallMs: 10_000,
    cpuMs: 10_000,
    waitedMs: null,
    consoleBytes: 100,
    guestS: null,
  };
  const moment = (more: Partial<Moment>): Moment => ({
    look,
    quiet: startSilence(look),
    console: { ...NOTHING_YET, bytes: 100 },
    lastWordMs: null,
    ...more,
  });
  const judge = (more: Partial<Moment>): Stop | null => stopNow(moment(more), DEFAULT_LIMITS);

  test('that talks is left alone until the deadline', () => {
    expect(judge({})).toBeNull();
    const late = { ...look, wallMs: DEFAULT_LIMITS.deadlineMs + 1 };
    expect(judge({ look: late, quiet: startSilence(late) })).toEqual({
      kind: 'deadline',
      wallMs: late.wallMs,
      silentMs: 0,
    });
  });

  test('that has said its last word gets time to go by itself', () => {
    const console = { ...NOTHING_YET, bytes: 100, ended: true };
    expect(judge({ console, lastWordMs: 9000 })).toBeNull();
    expect(judge({ console, lastWordMs: 1000 })).toEqual({ kind: 'last-word' });
    const panicked = { ...NOTHING_YET, bytes: 100, panicked: true };
    expect(judge({ console: panicked, lastWordMs: 1000 })).toEqual({ kind: 'last-word' });
  });

  test('that floods is ended', () => {
    const console = { ...NOTHING_YET, bytes: DEFAULT_LIMITS.floodBytes + 1 };
    expect(judge({ console })).toMatchObject({ kind: 'flood' });
  });
});
