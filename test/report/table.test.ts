import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { fitWidth, ppmText } from '../../harness/base/figures.ts';
import { renderMarkdown } from '../../harness/report/markdown.ts';
import { renderTable } from '../../harness/report/table.ts';
import { BEGIN, cellOf, finishedOf, SAMPLE } from '../record/sample-run.ts';
import { CONTROL, viewOf } from './streams.ts';

const AXES = { 'tsc-frequency': '3GHz', 'ref-delay': '14us,every11+500us', personality: 'xen' };
const PLAIN = { colour: false, unicode: false, columns: undefined };

test('the table has a column for each kernel, a row for each guest, and a note for each surprise', () => {
  expect(renderTable(viewOf(SAMPLE), PLAIN)).toMatchInlineSnapshot(`
    "tscmatrix quick
    run 20260131-120000-quick, 6 cells: 1 expected, 1 unexpected, 1 flaky, 1 skipped, 2 infra-error
    INTERRUPTED: not every cell was run
    QEMU 7.2.22, tcg; host AMD EPYC, Linux 6.18.44, under KVM, clocksource tsc; tscmatrix 0.1.0

    +----------+-----------------------+---------------------+-------------------------------------------+
    | guest    | old                   | mid                 | new                                       |
    |          | 5.10.0-cloud-amd64    | 6.10.0-cloud-amd64  | 7.10.0-cloud-amd64                        |
    +----------+-----------------------+---------------------+-------------------------------------------+
    | hpet=on  | [tsc]* hpet acpi_pm   | [tsc] hpet* acpi_pm | [tsc]* hpet acpi_pm / [tsc] hpet* acpi_pm |
    |          | refined, TSC +0.4 ppm | never               | refined x1, never x1, TSC +0.4 ppm        |
    |          | expected              | UNEXPECTED [1]      | FLAKY [2]                                 |
    +----------+-----------------------+---------------------+-------------------------------------------+
    | hpet=off | skipped [3]           | infra-error [4]     | infra-error [5]                           |
    +----------+-----------------------+---------------------+-------------------------------------------+

    Lines of a cell: available_clocksource, with [tsc] if tsc is in it and a star at the current source; how tsc
    ended, and the error of the kernel's TSC frequency; how often firmware and kernel read PM timer and HPET, and
    what a program's clock_gettime() takes; whether that was expected.

    [1] mid, hpet=on: never, expected refined; the guest says red ]]></failure> | a * b \`c\` @root # SKIP \\
        \\x9b2J \\x00 end. Cause: refinement-restarts (likely).
    [2] new, hpet=on: its 2 boots differ
    [3] old, hpet=off: KVM was asked for and is not usable here
    [4] mid, hpet=off: QEMU died of SIGKILL
    [5] new, hpet=off: lost: the run ended while boot 1 of this cell was going on
    "
  `);
});

test.each([80, 120, 200])(
  'seven kernels fit into %d columns, each cell once and none narrower than it reads well',
  (columns) => {
    const kernels = [
      'upstream-fixed',
      'stock',
      'threshold-raised',
      'tsc-reliable',
      'tsc-reliable-literal',
      'refine-fix',
      'k7',
    ];
    const cells = kernels.flatMap((kernel) => [
      { type: 'cell-planned' as const, cell: { ...cellOf(`${kernel}-a`, kernel, 'on'), axes: AXES } },
      finishedOf(`${kernel}-a`, {
        available: ['kvm-clock', 'tsc-early', 'tsc', 'acpi_pm'],
        current: 'kvm-clock',
      }),
    ]);
    const text = renderTable(viewOf([...cells]), { ...PLAIN, columns });
    const lines = text.split('\n');
    expect(lines.filter((line) => stringWidth(line) > columns)).toEqual([]);
    for (const kernel of kernels)
      expect(text.replaceAll(/[\s|]+/g, ' ').split(` ${kernel} `)).toHaveLength(2);
    expect(text.split('[tsc]')).toHaveLength(kernels.length + 2);
    expect(lines.filter((line) => line.startsWith('| guest '))).toHaveLength(
      { 80: 4, 120: 2, 200: 1 }[columns] ?? 0,
    );
  },
);

test('a very narrow terminal too', () => {
  const text = renderTable(viewOf(SAMPLE), { ...PLAIN, unicode: true, columns: 30 });
  expect(text.split('\n').every((line) => stringWidth(line) <= 30)).toBe(true);
});

test('colour only adds to the words', () => {
  const style = { ...PLAIN, unicode: true };
  const coloured = renderTable(viewOf(SAMPLE), { ...style, colour: true });
  expect(coloured).toContain('\u001b[31mUNEXPECTED [1]\u001b[39m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(renderTable(viewOf(SAMPLE), style));
});

test('what a guest wrote cannot reach the terminal', () => {
  expect(renderTable(viewOf(SAMPLE), PLAIN)).not.toMatch(CONTROL);
  expect(renderMarkdown(viewOf(SAMPLE))).not.toMatch(CONTROL);
});

test('a run cut short says so, and its cells are there', () => {
  const text = renderTable(viewOf(BEGIN), PLAIN);
  expect(text).toContain('INCOMPLETE');
  expect(text).toContain('6 cells: 6 infra-error');
  expect(text).toContain('[1] old, hpet=on; mid, hpet=on; new, hpet=on; old, hpet=off and 2 more: not run:');
});

test('cells that differ in nothing the table shows do not hide one another', () => {
  const cells = ['a', 'b'].map((id) => ({ type: 'cell-planned' as const, cell: cellOf(id, 'k', 'on') }));
  const text = renderTable(viewOf(cells), PLAIN);
  expect(text).toContain('| hpet=on ');
  expect(text).toContain('| hpet=on (b) ');
});

test('a run without cells, and one without anything', () => {
  expect(renderTable(viewOf(BEGIN.slice(0, 1)), PLAIN)).toContain('No cells.');
  expect(renderTable(viewOf([]), PLAIN)).toContain('No cells.');
});

test('markdown escapes what is not ours and keeps table and mentions in check', () => {
  expect(renderMarkdown(viewOf(SAMPLE))).toMatchInlineSnapshot(`
    "## tscmatrix quick

    run 20260131-120000-quick, 6 cells: 1 expected, 1 unexpected, 1 flaky, 1 skipped, 2 infra-error<br>
    INTERRUPTED: not every cell was run<br>
    QEMU 7.2.22, tcg; host AMD EPYC, Linux 6.18.44, under KVM, clocksource tsc; tscmatrix 0.1.0

    | guest | old<br>5.10.0-cloud-amd64 | mid<br>6.10.0-cloud-amd64 | new<br>7.10.0-cloud-amd64 |
    | --- | --- | --- | --- |
    | hpet=on | \\[tsc\\]\\* hpet acpi\\_pm<br>refined, TSC +0.4 ppm<br>expected | \\[tsc\\] hpet\\* acpi\\_pm<br>never<br>**UNEXPECTED \\[1\\]** | \\[tsc\\]\\* hpet acpi\\_pm / \\[tsc\\] hpet\\* acpi\\_pm<br>refined x1, never x1, TSC +0.4 ppm<br>**FLAKY \\[2\\]** |
    | hpet=off | **skipped \\[3\\]** | **infra-error \\[4\\]** | **infra-error \\[5\\]** |

    Lines of a cell: available\\_clocksource, with \\[tsc\\] if tsc is in it and a star at the current source; how tsc ended, and the error of the kernel's TSC frequency; how often firmware and kernel read PM timer and HPET, and what a program's clock\\_gettime() takes; whether that was expected.

    - \\[1\\] mid, hpet=on: never, expected refined; the guest says red \\]\\]&gt;&lt;/failure&gt; \\| a \\* b \\\`c\\\` @<!-- -->root # SKIP \\\\ \\\\x9b2J \\\\x00 end. Cause: refinement-restarts (likely).
    - \\[2\\] new, hpet=on: its 2 boots differ
    - \\[3\\] old, hpet=off: KVM was asked for and is not usable here
    - \\[4\\] mid, hpet=off: QEMU died of SIGKILL
    - \\[5\\] new, hpet=off: lost: the run ended while boot 1 of this cell was going on
    "
  `);
});

test.each([
  [0, '0 ppm'],
  [-0.04, '0 ppm'],
  [0.385, '+0.4 ppm'],
  [-9.94, '-9.9 ppm'],
  [9.96, '+10 ppm'],
  [150.4, '+150 ppm'],
  [-1_000_000, '-1000000 ppm'],
])('%d ppm reads %s', (ppm, text) => {
  expect(ppmText(ppm)).toBe(text);
});

test.each([
  [3.4, 0.2, '+3.4 +/-0.2 ppm'],
  [3.4, 2.1, '+3 +/-3 ppm'],
  [-115.8, 0.4, '-116 +/-1 ppm'],
])('digits that %d within %d ppm does not have are not shown', (ppm, within, text) => {
  expect(ppmText(ppm, within)).toBe(text);
});

test.each([
  ['short', 10, 'short'],
  ['exactly-10', 10, 'exactly-10'],
  ['longer than ten', 10, 'longer ...'],
  ['漢字漢字漢字', 8, '漢字...'],
  ['abc', 2, '..'],
])('%s in %d columns is %s', (text, columns, fitted) => {
  expect(fitWidth(text, columns)).toBe(fitted);
});
