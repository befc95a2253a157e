// Messages that were broken over lines are whole again; what follows them stays apart.
import { expect, test } from 'vitest';
import { factsOf } from '../../../harness/evidence/facts.ts';
import { readPasted } from '../../../harness/evidence/pasted/read-pasted.ts';
import { diagnose } from '../../../harness/verdict/diagnose.ts';

const linesIn = (text: string) =>
  readPasted(text.split('\n').map((line, index) => ({ n: index + 1, text: line }))).lines;
const factsIn = (text: string) => factsOf(linesIn(text));

test.each([
  ['between words', '[    2.000000] tsc: Refined TSC clocksource calibration:\n2399.998 MHz'],
  ['early', '[    2.000000] tsc: Refined TSC\nclocksource calibration: 2399.998 MHz'],
  ['within a word', '[    2.000000] tsc: Refined TSC clocksource calibr\nation: 2399.998 MHz'],
  [
    'after its prefix',
    'Mar 09 07:03:06 host1 kernel:\ntsc: Refined TSC clocksource calibration: 2399.998 MHz',
  ],
  ['in a quoted mail', '> [    2.000000] tsc: Refined TSC clocksource calibration:\n> 2399.998 MHz'],
  ['over three lines', '[    2.000000] tsc: Refined TSC\nclocksource calibration:\n2399.998 MHz'],
  ['by a soft line end between words', '[    2.0] tsc: Refined TSC clocksource =\ncalibration: 2399.998 MHz'],
  ['by a soft line end', '[    2.000000] tsc: Refined TSC clocksource calibration: 2399.99=\n8 MHz'],
  ['over a blank line', '[    2.000000] tsc: Refined TSC clocksource calibration:\n\n2399.998 MHz'],
  ['without stamps', 'tsc: Refined TSC clocksource calibration:\n2399.998 MHz'],
])('a message broken %s', (_, text) => {
  expect(
    factsIn(`[    1.000000] workingset: timestamp_bits=36\n${text}`).refined.map(({ khz }) => khz),
  ).toEqual([2_399_998]);
});

test('a broken line that tells how tsc was registered makes no false certainty', () => {
  const facts = factsIn(`[    1.000000] workingset: timestamp_bits=36
[    2.000000] tsc: Refined TSC clocksource calibration:
2399.998 MHz
[    2.000010] clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x1, max_idle_ns: 1 ns`);
  expect(diagnose({ facts, available: undefined, current: undefined }).registration).toBe('refined');
});

test.each([
  ['TSC halts in idle', 'halts-in-idle'],
  ['clocksource\nwatchdog', 'watchdog-skew'],
  ['TSCs\nunsynchronized', 'unsynchronized'],
])('a reason that was broken off, %j, is kept', (reason, cause) => {
  const facts = factsIn(
    `[    1.000000] tsc: Detected 2400.000 MHz processor\n[  100.000000] tsc: Marking TSC unstable due to\n${reason}`,
  );
  expect(facts.marks[0]?.reason).toBe(reason.replace('\n', ' '));
  expect(diagnose({ facts, available: undefined, current: undefined }).cause).toBe(cause);
});

test.each([
  ['behind the CPU', 'CPU0:\nMarking clocksource', ':'],
  ['in front of the CPU', 'on\nCPU0: Marking clocksource', ':'],
  ['twice', "CPU0:\nMarking clocksource 'tsc' as unstable because the skew is too\nlarge", ':'],
  ['at its end', "CPU0: Marking clocksource 'tsc' as unstable because the skew is too\nlarge", ':'],
])('the head of a watchdog report that was broken %s', (_, part) => {
  const head =
    "[    9.1] clocksource: timekeeping watchdog on CPU0: Marking clocksource 'tsc' as unstable because the skew is too large:";
  const whole = part.replaceAll('\n', ' ');
  const facts = factsIn(
    `[    1.0] clocksource: timekeeping watchdog on CPU0: hpet retried 2 times before success
${head.replace(whole, part)}
[    9.2] clocksource:
  'hpet' wd_nsec: 500000000 wd_now: 1 wd_last: 2 mask: ffffffff
[    9.3] clocksource:                       'tsc' cs_nsec: 510000000 cs_now: 1 cs_last: 2 mask: ffffffffffffffff`,
  );
  expect(facts.watchdog.map(({ kind, deltaNs }) => [kind, deltaNs])).toEqual([
    ['slow-read', null],
    ['skew', 10_000_000],
  ]);
});

test.each(['clocksource0/availab\nle_clocksource', 'clocksource0/\navailable_clocksource'])(
  'a command that a terminal broke at its edge: %j',
  (end) => {
    const facts = factsIn(
      `$ cat /sys/devices/system/clocksource/${end}\nxen tsc\n$ cat\n/sys/devices/system/clocksource/clocksource0/current_clocksource\nxen`,
    );
    expect([facts.available?.value, facts.current?.value]).toEqual([['xen', 'tsc'], 'xen']);
  },
);

test('the value below a command that a terminal broke is of that file', () => {
  const at = '/sys/devices/system/clocksource/clocksource0';
  expect(factsIn(`$ cat ${at}/curre\nnt_clocksource\njiffies`).current?.value).toBe('jiffies');
  expect(factsIn(`$ cat /home/user/curre\nnt_clocksource\njiffies`).current).toBeNull();
});

test.each([
  ['[    2.000000]', 'tsc: Refined TSC clocksource calibration: 2399.998 MHz', ''],
  ['[    2.000000] tsc:', 'Refined TSC clocksource calibration: 2399.998 MHz', 'tsc: '],
  ['[    2.000000] clocksource:', 'Switched to clocksource tsc', 'clocksource: '],
])('a prefix alone, %j, and the message on the next line are one line', (prefix, message, own) => {
  expect(linesIn(`${prefix}\n${message}\n[    2.1] x`)).toMatchObject([
    { n: 1, text: `${own}${message}`, timeS: 2, stamped: true, shown: `${prefix} ${message}` },
    { n: 3, text: 'x' },
  ]);
});

test('a command that a terminal broke is one line', () => {
  const at = '/sys/devices/system/clocksource/clocksource0';
  expect(linesIn(`$ cat ${at}/curre\nnt_clocksource\njiffies`).map(({ text }) => text)).toEqual([
    `$ cat ${at}/current_clocksource`,
    'jiffies',
  ]);
});

test('a message that is whole takes no other one for its end', () => {
  const text = 'tsc: HPET/PMTIMER calibration failed.\nUsing PIT calibration value';
  expect(linesIn(text).map((line) => line.text)).toEqual(text.split('\n'));
});

test.each([
  ['tsc: Marking TSC unstable due to', 'Switched to clocksource hpet for now'],
  ["clocksource: 'acpi_pm' wd_now: 1b4f81 wd_last: fffff0 mask: ffffff", 'What is this?'],
  ['tsc: Detected 2400.000 MHz processor', 'ff'],
])('%j does not go on with %j', (open, next) => {
  expect(linesIn(`${open}\n${next}`).map(({ text }) => text)).toEqual([open, next]);
});

test('a mask that was broken, of which either part is one', () => {
  const facts =
    factsIn(`[    9.0] clocksource: timekeeping watchdog on CPU0: Marking clocksource 'tsc' as unstable because the skew is too large:
[    9.1] clocksource:                       'acpi_pm' wd_now: 1b4f81 wd_last: fffff0 mask: ffff
ff
[    9.2] clocksource: Switched to clocksource acpi_pm`);
  expect(Math.round((facts.watchdog[0]?.watchdogNs ?? 0) / 1e6)).toBe(500);
});

test('a parameter whose value looks like an encoded byte is none', () => {
  expect(factsIn('[    0.0] Command line: ro hugepages=2048 tsc=reliable').parameters).toEqual([
    'ro',
    'hugepages=2048',
    'tsc=reliable',
  ]);
});

test('quoted-printable without a soft line end, and with one at the very end', () => {
  const line = '[    0.000000] Command line: root=3D/dev/sda1 tsc=3Dreliable';
  expect(factsIn(line).parameters).toEqual(['root=/dev/sda1', 'tsc=reliable']);
  const open = `${line}\n[    2.000000] tsc: Refined TSC clocksource calibration: 2399.998 MHz=`;
  expect(factsIn(open).refined.map(({ khz }) => khz)).toEqual([2_399_998]);
});

test('a list, a command and prose after a log are no part of its last message', () => {
  const facts = factsIn(`[    1.000000] tsc: Detected 2400.000 MHz processor
kvm-clock acpi_pm
$ cat /sys/devices/system/clocksource/clocksource0/current_clocksource
kvm-clock
So what is wrong?`);
  expect(facts.available?.value).toEqual(['kvm-clock', 'acpi_pm']);
  expect(facts.current?.value).toBe('kvm-clock');
  expect(facts.detected[0]?.text).toBe('[    1.000000] tsc: Detected 2400.000 MHz processor');
});

test.each([
  ['a line with a stamp of its own', '[  9.0] tsc: Marking TSC unstable due to\n[  9.1] TSC halts in idle'],
  [
    'a message of its own',
    'tsc: Detected 2400.000 MHz processor\ntsc: Marking TSC unstable due to\nSwitched to clocksource hpet',
  ],
])('%s is no end of the line before', (_, text) => {
  expect(factsIn(text).marks).toEqual([]);
});

test.each([
  ['a short command line', 'ro quiet', 0],
  ['a command line in a text that was not broken', `ro ${'x'.repeat(130)}`, 0],
  ['a command line at the width of the text', `ro ${'x'.repeat(50)}`, 1],
])('words after %s', (_, words, count) => {
  const facts = factsIn(`[    0.000000] Command line: ${words}\nnotsc`);
  expect(facts.parameters.length).toBe(words.split(' ').length + count);
});

test('a command line that was broken keeps its parameters', () => {
  const words = [
    'BOOT_IMAGE=/boot/vmlinuz',
    'root=/dev/mapper/vg-root ro crashkernel=auto',
    'console=ttyS0 tsc=unstable notsc',
  ];
  const facts = factsIn(
    `[    0.000000] Command line: ${words[0]} ${words[1]}\n${words[2]}\n[    0.000000] tsc: Detected 2400.000 MHz processor`,
  );
  expect(facts.parameters).toContain('tsc=unstable');
});

test('a paragraph below a message that was cut off is no part of it', () => {
  const facts = factsIn('[  100.000000] tsc: Marking TSC unstable due to\n\nThe machine is slow since then.');
  expect(facts.marks).toEqual([]);
  expect(facts.unstableSigns.map(({ sign }) => sign)).toEqual(['cut-off']);
});

test('lines that a terminal cut at its edge go on in the middle of a word', () => {
  const whole = [
    'Mar 09 07:03:06 a-host-with-a-name kernel: clocksource: Switched to clocksource kvm-clock',
    'Mar 09 07:03:06 a-host-with-a-name kernel: pci 0000:00:01.0: PIIX3: Enabling Passive Release',
    'Mar 09 07:03:06 a-host-with-a-name kernel: Freeing initrd memory: 12345K, and so on and so on',
  ];
  const short = 'Mar 09 07:03:06 a-host-with-a-name kernel: ok';
  const text = [...whole.map((line) => line.replace(/^.{86}/, '$&\n')), short, short, short].join('\n');
  expect(factsIn(text).switches.map(({ name }) => name)).toEqual(['kvm-clock']);
  // A line that is broken elsewhere: what follows a name is no part of it.
  const soft = text.replace('pci 0000:', 'pci ').replace('Freeing', 'Free');
  expect(factsIn(soft).switches.map(({ name }) => name)).toEqual(['kvm-cl']);
});

test('a sign of equality of its own is no soft line end', () => {
  const facts = factsIn('[   81.145633] Clocksource tsc unstable (delta =\n-4687619986 ns)');
  expect(facts.watchdog.map(({ deltaNs }) => deltaNs)).toEqual([-4_687_619_986]);
});

test.each(['12:', '+', '> ', '  7\t', '| '])(
  'soft line ends of a text that was numbered or quoted later: %j',
  (lead) => {
    const text = `[ 7200.708099] clocksource: timekeeping watchdog on CPU3: Marking clocksour=
ce 'tsc' as unstable because the skew is too large:
[ 7200.708134] clocksource:                       'xen' wd_nsec: 508905888 =
wd_now: 68dcc1c556c wd_last: 68dadc70bcc mask: ffffffffffffffff
[ 7200.708142] clocksource:                       'xen' (not 'tsc') is curr=
ent clocksource.`;
    const [event] = factsIn(text.replaceAll(/^/gm, lead)).watchdog;
    expect(event).toMatchObject({ watchdogNs: 508_905_888, currentThen: 'xen', source: 'tsc' });
  },
);

test.each(['12:', '+', '  7\t', '* ', '`'])(
  'the second part of a message behind the prefix of its line, %j',
  (lead) => {
    const text = `clocksource: timekeeping watchdog on CPU227: wd-tsc-wd excessive read-back delay of 153560ns vs. limit of 125000ns,
    wd-wd read-back delay only 11440ns, attempt 3, marking tsc unstable
tsc: Marking TSC unstable due to clocksource watchdog
clocksource: Switched to clocksource hpet`;
    const [event] = factsIn(text.replaceAll(/^/gm, lead)).watchdog;
    expect(event?.kind).toBe('slow-read-marked');
  },
);

test('a comma in the head of a report, as up to 4.1, does not keep its parts apart', () => {
  const facts = factsIn(
    "[  100.0] timekeeping watchdog: Marking clocksource 'tsc' as unstable, because the\nskew is too large:",
  );
  expect(facts.watchdog.map(({ kind }) => kind)).toEqual(['skew']);
});
