// Several boots in one text, and a log that stands upside down.
import { expect, test } from 'vitest';
import { factsOf } from '../../../harness/evidence/facts.ts';
import { readPasted } from '../../../harness/evidence/pasted/read-pasted.ts';

const read = (text: string, boot: number | null = null) =>
  readPasted(
    text.split('\n').map((line, index) => ({ n: index + 1, text: line })),
    boot,
  );

const FIRST = `[    0.000000] Linux version 6.1.0 (a@b) #1 SMP
[    0.000000] tsc: Detected 2400.000 MHz processor
[    2.000000] tsc: Refined TSC clocksource calibration: 2399.998 MHz
[  100.000000] tsc: Marking TSC unstable due to clocksource watchdog`;
const SECOND = `[    0.000000] Linux version 6.1.0 (a@b) #1 SMP
[    0.000000] tsc: Detected 2400.001 MHz processor
[    2.000000] tsc: Refined TSC clocksource calibration: 2399.999 MHz`;

test.each([
  ['one after the other', `${FIRST}\n${SECOND}`, 5],
  ["with journalctl's mark", `${FIRST}\n-- Boot 0123456789abcdef0123456789abcdef --\n${SECOND}`, 5],
  ['with the older mark', `${FIRST}\n-- Reboot --\n${SECOND}`, 5],
  [
    'without version lines, by stamps that go back',
    `${FIRST}\n${SECOND}`.replaceAll(/^.*Linux version.*\n/gm, ''),
    4,
  ],
])('two boots %s: the last counts', (_, text, line) => {
  const { boots, lines } = read(text);
  expect(boots).toEqual({ count: 2, chosen: 2, line });
  expect(factsOf(lines).marks).toEqual([]);
  expect(factsOf(read(text, 1).lines).marks).toHaveLength(1);
  expect(factsOf(read(text, -2).lines).refined[0]?.khz).toBe(2_399_998);
});

test.each(['-- Boot 0123456789abcdef0123456789abcdef --', '-- Reboot --'])(
  '%s alone tells two boots',
  (mark) => {
    const text = `${mark}
Mar 01 10:00:00 h kernel: clocksource: Switched to clocksource hpet
${mark}
Mar 02 10:00:00 h kernel: clocksource: Switched to clocksource tsc`;
    const { boots, lines } = read(text);
    expect(boots).toEqual({ count: 2, chosen: 2, line: 3 });
    expect(lines.map(({ text: one }) => one)).not.toContain('clocksource: Switched to clocksource hpet');
  },
);

test('without stamps the first line of a log, and what follows it, once more are another boot', () => {
  const bare = (text: string) => text.replaceAll(/^\[ *[\d.]+\] /gm, '');
  const { boots, lines } = read(`${bare(FIRST)}\n${bare(SECOND)}`);
  expect(boots).toEqual({ count: 2, chosen: 2, line: 5 });
  expect(factsOf(lines).marks).toEqual([]);
  // /proc/version below a log.
  const version = bare(FIRST).split('\n')[0];
  expect(read(`${bare(FIRST)}\n${version}`).boots.count).toBe(1);
  // What follows is not of a first boot.
  expect(read(`${version}\n${version}\n${bare(FIRST).split('\n').slice(1).join('\n')}`).boots.count).toBe(1);
});

test('what carriage returns part has the order in which it stands', () => {
  const { lines } = read(FIRST.replaceAll('\n', '\\n'));
  expect(lines.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  const one = readPasted(FIRST.split('\n').map((text) => ({ n: 7, text }))).lines;
  expect(one.map(({ n }) => n)).toEqual([7, 7, 7, 7]);
  const order = one.map((line) => line.order ?? line.n);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(new Set(order).size).toBe(4);
  expect(Math.max(...order)).toBeLessThan(8);
});

test('two greps over one log are one boot', () => {
  const text = `$ dmesg | grep -i tsc
[    0.000000] tsc: Detected 2400.000 MHz processor
[    2.000000] tsc: Refined TSC clocksource calibration: 2399.998 MHz
$ dmesg | grep -i clocksource
[    0.500000] clocksource: hpet: mask: 0xffffffff max_cycles: 0xffffffff, max_idle_ns: 19112604467 ns
[    2.000000] tsc: Refined TSC clocksource calibration: 2399.998 MHz`;
  expect(read(text).boots.count).toBe(1);
});

test('both forms of the command line are printed in one boot', () => {
  const text = `[    0.000000] Command line: root=/dev/sda1\n[    0.010000] Kernel command line: root=/dev/sda1`;
  expect(read(text).boots.count).toBe(1);
});

test('a reversed journal is put in order', () => {
  const stamped = FIRST.split('\n').map(
    (line, index) => `Mar 09 07:0${index}:00 h kernel: ${line.replace(/^\[ *\d+\.\d+\] /, '')}`,
  );
  const upsideDown = [...stamped].reverse();
  expect(read(upsideDown.join('\n')).lines.map(({ text }) => text)).toEqual(
    read(stamped.join('\n')).lines.map(({ text }) => text),
  );
  const { marks, refined } = factsOf(read(upsideDown.join('\n')).lines);
  expect(marks[0]?.line).toBe(1);
  expect(marks[0]?.order).toBeGreaterThan(refined[0]?.order ?? 9);
});

test.each([
  'Linux version 6.1.0 (a@b) #1 SMP',
  'Kernel command line: ro',
  'Command line: ro',
  'tsc: Refined TSC clocksource calibration: 2399.998 MHz',
  'tsc: Fast TSC calibration using PIT',
  'tsc: Detected 2400.000 MHz processor',
  'clocksource: tsc-early: mask: 0xffff max_cycles: 0x1, max_idle_ns: 1 ns',
  'clocksource: tsc: mask: 0xffff max_cycles: 0x1, max_idle_ns: 1 ns',
])('%j is printed once in a boot', (message) => {
  const text = `[    1.000000] ${message}\n[    9.000000] something\n[    0.500000] else\n[    0.900000] ${message}`;
  expect(read(text).boots).toEqual({ count: 2, chosen: 2, line: 3 });
});

test('seconds since boot that go back between a mark and a sound tsc begin a boot, in either order', () => {
  const sound =
    '[   20.9] tsc: Refined TSC clocksource calibration: 2700.280 MHz\n[   20.9] clocksource: Switched to clocksource tsc';
  const marked =
    '[    0.0] tsc: Marking TSC unstable due to running on Hyper-V\n[   30.0] clocksource: Switched to clocksource hpet';
  expect(read(`${sound}\nbefore\n${marked}`).boots).toEqual({ count: 2, chosen: 2, line: 3 });
  expect(read(`${marked}\nnew\n${sound}`).boots).toEqual({ count: 2, chosen: 2, line: 3 });
  // As in one boot.
  expect(read(`${sound}\n[   99.0] tsc: Marking TSC unstable due to TSC halts in idle`).boots.count).toBe(1);
});

test('a mark that comes again with another time is that of another boot', () => {
  const mark = (time: number, reason: string) => `[ ${time}.0] tsc: Marking TSC unstable due to ${reason}`;
  const text = [mark(9, 'clocksource watchdog'), mark(2, 'TSC halts in idle')].join('\n');
  expect(read(text).boots).toEqual({ count: 2, chosen: 2, line: 2 });
});

const A = [
  'tsc: Refined TSC clocksource calibration: 2399.998 MHz',
  'clocksource: Switched to clocksource tsc',
];
const B = [
  'tsc: Refined TSC clocksource calibration: 2599.998 MHz',
  'tsc: Marking TSC unstable due to TSC halts in idle',
];

test.each([
  ['of a log server', (host: string, text: string) => `Mar 09 07:03:06 ${host}.example kernel: ${text}`],
  [
    'of a log server that keeps facilities',
    (host: string, text: string) => `Mar 09 07:03:06 ${host} kern.info kernel: ${text}`,
  ],
  ['of a parallel shell', (host: string, text: string) => `${host}: [    2.000000] ${text}`],
  ['of containers', (host: string, text: string) => `${host}  | [    2.000000] ${text}`],
])('the lines of two machines are told apart: %s', (_, form) => {
  const text = A.flatMap((line, i) => [form('node1', line), form('node2', B[i] ?? '')]).join('\n');
  const [first, last] = [read(text, 1), read(text)];
  expect(first.boots).toEqual({ count: 2, chosen: 1, line: 1, host: 'node1' });
  expect(factsOf(first.lines)).toMatchObject({ refined: [{ khz: 2_399_998 }], marks: [] });
  expect(last.boots).toEqual({ count: 2, chosen: 2, line: 2, host: 'node2' });
  expect(factsOf(last.lines)).toMatchObject({ refined: [{ khz: 2_599_998 }], switches: [] });
});

test.each([
  ['gets its name while it boots', 'initrd', 'node1'],
  ['has none at first', 'localhost', 'node1'],
])('a machine that %s is one', (_, before, after) => {
  const text = `Mar 09 07:03:06 ${before} kernel: ${A[0]}\nMar 09 07:03:07 ${after} kernel: ${A[1]}`;
  const { boots, lines } = read(text);
  expect(boots).toEqual({ count: 1, chosen: 1, line: 1 });
  expect(factsOf(lines)).toMatchObject({ refined: [{ khz: 2_399_998 }], switches: [{ name: 'tsc' }] });
});

test.each([
  ['what is printed at any time', 'clocksource: Switched to clocksource hpet', A[1]],
  ['another message of those that come once', 'tsc: Detected 2400.000 MHz processor', A[0]],
])('a machine that says %s under each of its names is one', (_, before, after) => {
  const text = `Mar 09 07:03:06 initrd kernel: ${before}\nMar 09 07:03:07 node1 kernel: ${after}`;
  expect(read(text).boots).toEqual({ count: 1, chosen: 1, line: 1 });
});

test('what is of no machine, or of one that is not told apart, is of the machine before it', () => {
  const of = (host: string, text: string) => `Mar 09 07:03:06 ${host} kernel: ${text}`;
  const lines = [
    of('node1', A[0] ?? ''),
    of('node2', B[0] ?? ''),
    of('relay', 'of a relay'),
    'of no machine',
  ];
  const last = read([...lines, of('node1', A[1] ?? '')].join('\n'));
  expect(last.boots).toEqual({ count: 2, chosen: 2, line: 2, host: 'node2' });
  expect(last.lines.map(({ text }) => text)).toEqual([B[0], 'of a relay', 'of no machine']);
});

test('two machines of which every line is the same are two', () => {
  const text = ['node1', 'node2'].map((host) => `${host}: [    2.000000] ${A[0]}`).join('\n');
  expect(read(text).boots).toEqual({ count: 2, chosen: 2, line: 2, host: 'node2' });
});

test('a line without a stamp does not begin a boot', () => {
  const text = `${SECOND}\n[    2.1] clocksource: Switched to clocksource tsc\n${B[1]}`;
  expect(read(text).boots.count).toBe(1);
});

test('stamps that went back before a mark between boots do not move the boot after it', () => {
  const text = `[    9.0] something
[    1.0] else
-- Reboot --
[    3.0] tsc: Refined TSC clocksource calibration: 2399.998 MHz
[    4.0] tsc: Refined TSC clocksource calibration: 2399.999 MHz`;
  expect(read(text).boots).toEqual({ count: 3, chosen: 3, line: 5 });
  expect(read(text, 2).boots.line).toBe(3);
});
