import { expect, test } from 'vitest';
import { stoppedBy } from '../../harness/host/interruption.ts';
import { streamSink } from '../../harness/host/sink.ts';
import type { RunEvent } from '../../harness/record/types.ts';
import { linesReporter } from '../../harness/report/live/lines.ts';
import { liveReporter } from '../../harness/report/live/live.ts';
import { frameOf, timeLeftMs } from '../../harness/report/live/live-frame.ts';
import { BEGIN, END, finishedOf, HOSTILE, MIDDLE, SAMPLE } from '../record/sample-run.ts';
import { CONTROL, MemoryStream, viewOf } from './streams.ts';

/** A live view on a terminal of 60 columns whose clock and redraws the test holds. */
function liveOn(stream: MemoryStream) {
  const time = { ms: 0 };
  let draw = () => {};
  let stopped = false;
  const reporter = liveReporter(stream, {
    colour: false,
    nowMs: () => time.ms,
    repeat: (given) => {
      draw = given;
      return () => {
        stopped = true;
      };
    },
  });
  return { reporter, time, draw: () => draw(), isStopped: () => stopped };
}

const ERASE_LINE = '\x1b[2K';

const started = (cell: string): RunEvent => ({
  type: 'cell-started',
  cell,
  boot: 1,
  at: '2026-01-31T12:00:00.000Z',
  argv: [],
});

test('the view shows kernels under way, guests with their phase, and how far the run is', () => {
  const stream = new MemoryStream(true, 60);
  const { reporter, time, draw } = liveOn(stream);
  for (const event of BEGIN.slice(0, 7)) reporter.event(event);
  reporter.progress?.({ type: 'kernel-progress', kernel: 'old', text: 'fetching 34 %' });
  draw();
  expect(stream.take()).toMatchInlineSnapshot(`
    "quick  0:00  0/6 cells
      no results yet
      kernel old: fetching 34 %
    "
  `);
  for (const event of BEGIN.slice(7)) reporter.event(event);
  reporter.event(started('old.hpet-on'));
  reporter.event(started('mid.hpet-on'));
  time.ms = 3000;
  reporter.progress?.({
    type: 'guest-progress',
    cell: 'old.hpet-on',
    boot: 1,
    phase: 'kernel',
    guestS: 1.25,
  });
  reporter.progress?.({ type: 'guest-progress', cell: 'never-started', boot: 1, phase: 'kernel', guestS: 1 });
  // As after a resize: the frame is drawn anew for the new width.
  stream.columns = 40;
  stream.emit('resize');
  expect(stream.take()).toMatchInlineSnapshot(`
    "quick  0:03  0/6 cells
      no results yet
      old.hpet-on  kernel guest 1.3 s
      mid.hpet-on  starting
    "
  `);
});

test('what is not expected stays above the view, neutralised; what is expected does not', () => {
  const stream = new MemoryStream(true, 200);
  const { reporter, draw } = liveOn(stream);
  for (const event of BEGIN) reporter.event(event);
  draw();
  stream.take();
  for (const event of MIDDLE) reporter.event(event);
  expect(stream.text).not.toContain('\u001b[31m');
  expect(stream.take()).toMatchInlineSnapshot(`
    "UNEXPECTED mid.hpet-on: never, expected refined; the guest says red ]]></failure> | a * b \`c\` @root # SKIP \\ \\x9b2J \\x00 end
    FLAKY new.hpet-on: its 2 boots differ
    infra-error mid.hpet-off: QEMU died of SIGKILL
    "
  `);
});

test('the end leaves one line, no timer, and no listener', async () => {
  const stream = new MemoryStream(true, 80);
  const { reporter, draw, time, isStopped } = liveOn(stream);
  for (const event of SAMPLE) reporter.event(event);
  draw();
  stream.take();
  time.ms = 65_000;
  await reporter.close?.();
  await reporter.close?.();
  expect(stream.take()).toBe(
    '5 cells: 1 expected, 1 unexpected, 1 flaky, 1 skipped, 1 infra-error in 1:05\n',
  );
  expect(isStopped()).toBe(true);
  expect(stream.listenerCount('resize')).toBe(0);
  stream.emit('resize');
  expect(stream.take()).toBe('');
});

test('where the run is to stop the picture makes room for the message, and comes back below it', async () => {
  const stream = new MemoryStream(true, 80);
  const controller = new AbortController();
  const { reporter, draw } = stoppedBy(controller.signal, () => liveOn(stream));
  for (const event of BEGIN) reporter.event(event);
  draw();
  stream.take();
  controller.abort();
  // Lines are taken away, and not a word comes.
  expect(stream.text).toContain(ERASE_LINE);
  expect(stream.take().trim()).toBe('');
  stream.write('stopping\n');
  draw();
  // The message is not erased again.
  expect(stream.text.split('quick ')[0]).not.toContain(ERASE_LINE);
  expect(stream.take()).toMatch(/^stopping\nquick /);
  await reporter.close?.();
});

test('a frame is never taller or wider than the terminal', () => {
  const view = viewOf(BEGIN);
  const guests = new Map(
    Array.from({ length: 50 }, (_, i) => {
      const cell = `${'very-long-'.repeat(9)}${i}`;
      return [cell, { cell, boot: 1, startedMs: 0, progress: null }] as const;
    }),
  );
  const state = { view, startedMs: 0, kernels: new Map([['k', HOSTILE]]), guests };
  for (const size of [
    { columns: 40, rows: 10 },
    { columns: 200, rows: 30 },
  ]) {
    const frame = frameOf(state, size, 1000, false).split('\n');
    expect(frame.length).toBeLessThan(size.rows);
    expect(frame.every((line) => line.length <= size.columns && !CONTROL.test(line))).toBe(true);
    expect(frame.at(-1)).toBe(`  and ${51 - (size.rows - 4)} more`);
  }
});

test('the time left is the mean of what is finished, over as many as go on at once', () => {
  const none = { kernels: new Map(), guests: new Map(), startedMs: 0 };
  expect(timeLeftMs({ ...none, view: viewOf(BEGIN) }, 0)).toBeNull();
  const judged = MIDDLE.slice(0, 3);
  // Five of six cells are open, two at once, 5.2 s each.
  expect(timeLeftMs({ ...none, view: viewOf([...BEGIN, ...judged]) }, 0)).toBe((5 * 5200) / 2);
  const guests = new Map([['x', { cell: 'mid.hpet-on', boot: 1, startedMs: 0, progress: null }]]);
  expect(timeLeftMs({ ...none, guests, view: viewOf([...BEGIN, ...judged]) }, 1200)).toBe(
    (5 * 5200 - 1200) / 2,
  );
  const all = viewOf(BEGIN);
  for (const cell of all.cells.values()) {
    cell.boots.push({ boot: 1, started: null, retried: [], finished: finishedOf(cell.cell.id, {}) });
  }
  expect(timeLeftMs({ ...none, view: all }, 0)).toBe(0);
});

test('in plain lines nothing is silent for 20 s: what is built, then what is booted, is told of again', async () => {
  const stream = new MemoryStream();
  let now = Date.parse('2026-01-31T12:00:00.000Z');
  let look = (): void => {};
  let looking = true;
  const reporter = linesReporter(
    streamSink(stream),
    () => now,
    (each) => {
      look = each;
      return () => {
        looking = false;
      };
    },
  );
  const pass = async (seconds: number): Promise<string[]> => {
    const before = stream.text.length;
    for (let s = 0; s < seconds; s++) {
      now += 1000;
      look();
    }
    await new Promise((resolve) => setImmediate(resolve));
    return stream.text.slice(before).split('\n').slice(0, -1);
  };
  for (const event of BEGIN) reporter.event(event);
  await pass(0);
  reporter.progress?.({ type: 'kernel-progress', kernel: 'stock', text: 'compiling, 12 files' });
  const built = await pass(60);
  expect(built.length).toBeGreaterThanOrEqual(3);
  for (const line of built) expect(line).toMatch(/stock: compiling, 12 files/);
  const [cell = ''] = BEGIN.flatMap((event) => (event.type === 'cell-planned' ? [event.cell.id] : []));
  reporter.event({ type: 'cell-started', cell, boot: 1, at: new Date(now).toISOString(), argv: [] });
  reporter.progress?.({ type: 'guest-progress', cell, boot: 1, phase: 'kernel', guestS: 2.5 });
  expect((await pass(19)).at(-1)).toMatch(
    new RegExp(`still booting ${cell} boot 1 for \\d+ s, 2\\.5 s in the guest`),
  );
  reporter.event(finishedOf(cell, {}));
  await reporter.close?.();
  expect(looking).toBe(false);
});

test('plain lines tell the run by its own times', async () => {
  const stream = new MemoryStream();
  const reporter = linesReporter(streamSink(stream), () => Date.parse('2026-01-31T12:00:30.000Z'));
  for (const event of [...BEGIN, ...MIDDLE.slice(0, 6), END]) reporter.event(event);
  await reporter.close?.();
  expect(stream.text).not.toMatch(CONTROL);
  expect(stream.text).toMatchInlineSnapshot(`
    "[   30.0 s] matrix quick: 6 cells, 3 kernels; run 20260131-120000-quick
    [   30.0 s] kernel old: 5.10.0-cloud-amd64 from a package
    [   30.0 s] kernel mid: 6.10.0-cloud-amd64 from a package (cached)
    [   30.0 s] kernel new: 7.10.0-cloud-amd64 from a package (cached)
    [    7.0 s] started old.hpet-on boot 1
    [   12.0 s] finished old.hpet-on boot 1: refined, tsc, +0.4 ppm (5.2 s)
    [   30.0 s] ok old.hpet-on (1/6)
    [    7.0 s] started mid.hpet-on boot 1
    [   12.0 s] finished mid.hpet-on boot 1: never, hpet (5.2 s)
    [   30.0 s] UNEXPECTED mid.hpet-on (2/6): never, expected refined; the guest says red ]]></failure> | a * b \`c\` @root # SKIP \\ \\x9b2J \\x00 end
    [   60.0 s] interrupted: 6 cells: 1 expected, 1 unexpected, 4 infra-error
    "
  `);
});
