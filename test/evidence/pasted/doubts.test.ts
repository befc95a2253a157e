// Whether the lines of a pasted text are one boot's, in the order in which they were printed.
import { expect, test } from 'vitest';
import { factsOf } from '../../../harness/evidence/facts.ts';
import { readPasted } from '../../../harness/evidence/pasted/read-pasted.ts';

const doubtOf = (text: string) =>
  factsOf(readPasted(text.split('\n').map((line, index) => ({ n: index + 1, text: line }))).lines).doubt ??
  null;
const at = (...times: number[]) => times.map((time) => `[ ${time.toFixed(1)}] tsc: at ${time}`);

test.each([
  ['two lines, the later first', at(2, 1).join('\n')],
  ['as many steps back as on', at(2, 1, 3, 2.5, 2.7).join('\n')],
  ['the same time before a step back', at(2, 2, 2, 1).join('\n')],
  ['words of a person between', at(2, 1).join('\nand here\n')],
  ['a command above both', ['$ dmesg | grep tsc', ...at(2, 1)].join('\n')],
  ['a command below both', [...at(2, 1), '$ dmesg | grep tsc'].join('\n')],
  [
    'the first step between commands',
    ['$ dmesg | grep a', ...at(3), '$ dmesg | grep b', ...at(2, 1)].join('\n'),
  ],
])('the order is not known: %s', (_, text) => {
  expect(doubtOf(text)).toMatchObject({ kind: 'order' });
});

test.each([
  ['stamps that go on', at(1, 2).join('\n')],
  ['one line', at(1).join('\n')],
  ['the same time', at(1, 1).join('\n')],
  ['two boots of several lines', at(1, 2, 0.5, 2).join('\n')],
  ['four lines and more, newest first', at(4, 3, 2, 1).join('\n')],
  ['two commands', [...at(2), '$ dmesg | grep clocksource', ...at(1)].join('\n')],
  ['a mark between the boots', [...at(2), '-- Reboot --', ...at(1)].join('\n')],
  [
    'two machines',
    ['a', 'b']
      .map((h, i) => `${h}: [ ${2 - i}.0] tsc: Refined TSC clocksource calibration: 2399.998 MHz`)
      .join('\n'),
  ],
  ['times of day below seconds', '[ 9.0] tsc: a\nMar 09 07:10:03 box kernel: tsc: b'],
])('the order is known: %s', (_, text) => {
  expect(doubtOf(text)).toBeNull();
});

const DETECTED = 'tsc: Detected 2400.000 MHz processor';
const MARK = 'tsc: Marking TSC unstable due to TSC halts in idle';

test.each([
  ['the same line', [DETECTED, MARK, DETECTED], 3],
  ['with another figure', [DETECTED, MARK, DETECTED.replace('0 MHz', '1 MHz')], 3],
  [
    'with another figure, by another command',
    [DETECTED, '$ dmesg | grep -i tsc', DETECTED.replace('0 MHz', '1 MHz')],
    3,
  ],
  ['another mark', [MARK, MARK.replace('TSC halts in idle', 'clocksource watchdog')], 2],
])('without stamps, what is printed once comes again: %s', (_, lines, line) => {
  expect(doubtOf(lines.join('\n'))).toMatchObject({ kind: 'again', line });
});

test.each([
  ['other lines', [DETECTED, MARK]],
  ['by another command', [DETECTED, '$ dmesg | grep -i tsc', DETECTED]],
  ['the same mark, as where it is quoted first', [MARK, DETECTED, MARK]],
  ['/proc/version', ['Linux version 6.1.0 (a@b) #1 SMP', DETECTED, 'Linux version 6.1.0 (a@b) #1 SMP']],
  ['with a stamp, as where it is quoted', [`[    0.000000] ${DETECTED}`, DETECTED]],
  [
    'what may come again',
    ['clocksource: Switched to clocksource hpet', 'clocksource: Switched to clocksource hpet'],
  ],
])('one boot: %s', (_, lines) => {
  expect(doubtOf(lines.join('\n'))).toBeNull();
});
