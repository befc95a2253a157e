// A known message is found behind whatever stands in front, and is not found in a sentence about it.
import { expect, test } from 'vitest';
import { factsOf } from '../../../harness/evidence/facts.ts';
import { bootSeconds, hostIn, isStamp } from '../../../harness/evidence/pasted/prefix.ts';
import { readPasted } from '../../../harness/evidence/pasted/read-pasted.ts';

const MESSAGE = 'tsc: Refined TSC clocksource calibration: 2399.998 MHz';
const lines = (text: string) => text.split('\n').map((line, index) => ({ n: index + 1, text: line }));
const khzOf = (text: string): number[] =>
  factsOf(readPasted(lines(text)).lines).refined.map(({ khz }) => khz);

test.each([
  'Mar 09 07:03:06 kernel: ',
  'mar 09 07:03:06 host1 kernel: ',
  'Mär  9 07:03:06 host1 kernel: ',
  'maj  9 07:03:06 host1 kernel: ',
  'déc. 09 07:03:06 host1 kernel: ',
  '<6>1 2026-03-09T07:03:06+01:00 host1 kernel - - - ',
  'Tue Mar  9 07:03:06 2026 kern.info kernel: [15.0] ',
  'host1 kern.info kernel: ',
  '[Mo Mär  9 07:03:06 2026] ',
  '[2026-03-09T07:03:06Z] ',
  '[Mon Mar  9 07:03:06 CET 2026] ',
  '2026-03-09 07:03:06,123 INFO  host1 kernel: ',
  '03/09/2026 07:03:06 ',
  '(XEN) ',
  'Message from syslogd@host1 at Mar  9 07:03:06 ... kernel:[    2.0] ',
  'Message from syslogd@host1 at Mar  9 07:03:06 ... ',
  '(d1) ',
  '[pod/vm/console] ',
  'vm-1  | ',
  '[    2.0] [swapper/0:1] ',
  "'[    2.0] ",
  '03-09 07:03:06.123     0     0 I : ',
  '1) ',
  'dmesg.0.gz:',
  'kern.log:',
  'host1 | CHANGED | rc=0 >> ',
  '6,345,2000000,-;',
  '/var/log/kern.log:',
  'kern.log-12-',
  'messages-20260309:Mar  9 07:03:06 h kernel: ',
  '12:',
  '    12\t',
  '- ',
  '* ',
  '+',
  '> > ',
  '"',
  '  1 Time(s): ',
  '\u00a0\u00a0',
  '&gt; ',
  '<li>',
])('%j before a message', (prefix) => {
  expect(khzOf(`${prefix}${MESSAGE}`)).toEqual([2_399_998]);
});

test.each([
  ['`', '`'],
  ['**', '**'],
  ['| 1 | ', ' |'],
  ['<b>', '</b>'],
  ['{quote}', '{quote}'],
  ['"', '",'],
  ["'", "'"],
  ["'", "',"],
  ['\u201c', '\u201d'],
  ['<code>', '</code><br>'],
  ['<line>', '</line>'],
  ['<log:msg level="6">', '</log:msg>'],
  ['', '`'],
  ['', ' |'],
  ['', ' \\'],
  ['\ufeff', '\u200b'],
])('%j and %j around a message', (before, after) => {
  const [line] = readPasted(lines(`${before}${MESSAGE}${after}`)).lines;
  expect(line?.text).toBe(MESSAGE);
});

test.each([
  `I never see the line "${MESSAGE}" and wonder why.`,
  `my dmesg shows ${MESSAGE}`,
  `Expected: ${MESSAGE}`,
  `At 10:23 I saw ${MESSAGE}`,
  `In [1] ${MESSAGE}`,
  `there should be \`${MESSAGE}\` in it`,
  `Re: [PATCH] ${MESSAGE}`,
  `Subject: [Bug12] ${MESSAGE}`,
  `Seitdem kommt hier immer um 10:23:45 ${MESSAGE}`,
  `Bei mir kommt um 10:23:45 die Meldung ${MESSAGE}`,
  `Ubuntu guests emit ${MESSAGE}\nUbuntu guests emit ${MESSAGE}`,
  `notes.txt:1:Ubuntu guests emit ${MESSAGE}\nnotes.txt:2:Ubuntu guests emit ${MESSAGE}`,
])('%j speaks of a message', (text) => {
  expect(khzOf(text)).toEqual([]);
});

test.each([
  ['guest', 2, 2],
  ['guest', 2, 5],
  ['guest-7', 2, 5],
])('one word, %j, before %i of %i lines', (word, count, all) => {
  const other = Array.from({ length: all - count }, () => 'and something else');
  const text = [...Array.from({ length: count }, () => `${word} ${MESSAGE}`), ...other].join('\n');
  expect(khzOf(text).length).toBe(word !== 'guest' || count * 2 >= all ? count : 0);
});

test('a prefix that stands before known messages is taken off the other lines as well', () => {
  const text = [
    `lab7/console ~ tsc: Detected 2400.000 MHz processor`,
    `lab8/console ~ ${MESSAGE}`,
    'lab9/console ~ Linux agpgart interface v0.103',
  ];
  expect(readPasted(lines(text.join('\n'))).lines.map(({ text }) => text)).toEqual([
    'tsc: Detected 2400.000 MHz processor',
    MESSAGE,
    'Linux agpgart interface v0.103',
  ]);
});

test('a prefix is known in spite of other blanks, short words and figures; not without its last mark', () => {
  const text = [
    'Mon  7 ~ tsc: Detected 2400.000 MHz processor',
    `Tue 17 ~ ${MESSAGE}`,
    'Wed   5 ~ Linux agpgart interface v0.103',
    'Thu 18 ~no blank',
  ];
  expect(readPasted(lines(text.join('\n'))).lines.map((line) => line.text)).toEqual([
    'tsc: Detected 2400.000 MHz processor',
    MESSAGE,
    'Linux agpgart interface v0.103',
    'Thu 18 ~no blank',
  ]);
});

test('a message that stands alone is not taken for its prefix, nor the end of a word for a message', () => {
  const text = [
    'vm: tsc: Detected 2400.000 MHz processor',
    'vm: clocksource: Switched to clocksource tsc',
    MESSAGE,
  ];
  expect(readPasted(lines(text.join('\n'))).lines[2]?.text).toBe(MESSAGE);
  const within = readPasted(lines('[x] zzDetected 2400.000 MHz TSC')).lines;
  expect(factsOf(within).detected).toEqual([]);
});

test('more forms of prefixes than are learned do not hide a message', () => {
  const forms = [
    '(XEN) ',
    '12: ',
    '07:03:06 h ',
    '[pod/vm/x] ',
    'vm-1  | ',
    '/var/log/x:',
    'kern.info kernel: ',
    '{x} ',
  ];
  const more = ['[b] (c) ', '(f) [g] {h} ', '1 | 2 | '];
  const text = [...forms, ...more].map((form) => `${form}${MESSAGE}`);
  expect(khzOf(text.join('\n'))).toHaveLength(text.length);
});

test('what stands before the stamps of a text stands before its commands and their output too', () => {
  const text = [
    'node1: [    2.000000] tsc: Detected 2400.000 MHz processor',
    `node1: [    3.000000] ${MESSAGE}`,
    'node1: $ cat /sys/devices/system/clocksource/clocksource0/current_clocksource',
    'node1: jiffies',
  ];
  expect(factsOf(readPasted(lines(text.join('\n'))).lines).current?.value).toBe('jiffies');
});

test('the frequency as old kernels print it', () => {
  const { detected } = factsOf(
    readPasted(lines('<b>[pod/vm/console] Detected 2400.000 MHz processor.</b>')).lines,
  );
  expect(detected.map(({ khz }) => khz)).toEqual([2_400_000]);
});

test.each([
  ['Tue Mar  9 07:03:06 2026 kern.info kernel: [15.0] ', 15],
  ['node1: [   15.250000 <    0.000003>] ', 15.25],
  ['6,345,2000000,-;', 2],
  ['12:', null],
])('the seconds since boot in %j', (before, seconds) => expect(bootSeconds(before)).toBe(seconds));

test.each([
  ['2026/03/09 07:03:06 h ', true],
  ['6,345,2000000,-;', true],
  ['kern.info ', true],
  ['<6>', true],
  ['(XEN) ', true],
  ['(d1) ', true],
  ['12:', false],
  ['/var/log/messages:', false],
])('%j says that the line is of a log: %s', (before, is) => expect(isStamp(before)).toBe(is));

test.each([
  ['Mar 09 07:03:06 host1.example kernel: ', 'host1'],
  ['Mar 09 07:03:06 localhost kernel: ', null],
  ['host1  | [    2.0] ', 'host1'],
  ['[    2.0] ', null],
])('the machine that %j names', (before, name) => expect(hostIn(before)).toBe(name));

test.each([
  ['Mar 01 07:10:00 host1 kernel: ', 'Mar 10 07:10:01 host1 kernel: ', 9 * 86_400 + 1],
  ['[Sun Mar  1 07:10:00 2026] ', '[Tue Mar 10 07:10:01 2026] ', 9 * 86_400 + 1],
  ['2026-03-01T07:10:00.500+01:00 h kernel: ', '2026-03-01T07:10:02.750+01:00 h kernel: ', 2.25],
  ['6,345,2000000,-;', '6,346,3500000,-;', 1.5],
])('the time between %j and %j', (first, second, apart) => {
  const [a, b] = readPasted(lines(`${first}tsc: Detected 2400.000 MHz processor\n${second}${MESSAGE}`)).lines;
  expect((b?.timeS ?? Number.NaN) - (a?.timeS ?? Number.NaN)).toBeCloseTo(apart, 3);
});

test.each([
  "'tsc'",
  '\u2018tsc\u2019',
  "`tsc'",
  "``tsc''",
  '&apos;tsc&apos;',
  '&amp;#39;tsc&amp;#39;',
  '&#x2019;tsc&#x2019;',
])('quotes around a name: %s', (name) => {
  const text = `[    9.1] clocksource: timekeeping watchdog on CPU0: Marking clocksource ${name} as unstable because the skew is too large:`;
  expect(factsOf(readPasted(lines(text)).lines).watchdog.map(({ source }) => source)).toEqual(['tsc']);
});

test('the first line with anything on it, and what was taken for its prefix', () => {
  const text =
    '\n\nMar 09 07:03:06 host1 kernel: usb 1-1: new high-speed USB device\nMar 09 07:03:07 host1 kernel: x';
  expect(readPasted(lines(text)).first).toEqual({
    n: 3,
    text: 'Mar 09 07:03:06 host1 kernel: usb 1-1: new high-speed USB device',
    prefix: 'Mar 09 07:03:06 host1 kernel: ',
  });
  expect(readPasted(lines('\n')).first).toBeNull();
});

test('a line with the time of day alone is placed by one below it that has both', () => {
  const text = `Mar 01 07:10:30 h kernel: ${MESSAGE}\nMar 01 07:10:32 h kernel: [    5.000000] tsc: Detected 2400.000 MHz processor`;
  expect(readPasted(lines(text)).lines[0]).toMatchObject({ timeS: 3, byWallClock: true });
});

test('one line with both times places the lines that have the time of day alone', () => {
  const text = `Mar 01 07:10:00 h kernel: [    5.000000] tsc: Detected 2400.000 MHz processor\nMar 01 07:10:30 h kernel: ${MESSAGE}`;
  expect(readPasted(lines(text)).lines[1]).toMatchObject({ timeS: 35, byWallClock: true });
});
