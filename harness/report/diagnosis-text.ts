/** A diagnosis, or a comparison of two logs, as text for people. */
import { styleText } from 'node:util';
import { oneLine } from '../base/safe-text.ts';
import type { Diagnosis } from '../verdict/types.ts';
import { diagnosisSheet, type Entry, type Sheet, type TextNotes, type Tone } from './diagnosis-sheet.ts';

type Style = Parameters<typeof styleText>[0];
const STYLES: Readonly<Record<NonNullable<Tone>, Style>> = {
  bad: 'red',
  good: 'green',
  warn: 'yellow',
  plain: 'cyan',
};

export function diagnosisText(d: Diagnosis, notes: TextNotes, colours: boolean): string {
  return sheetText(diagnosisSheet(d, notes), colours);
}

export function sheetText(sheet: Sheet, colours: boolean): string {
  const paint = (style: Style | null, text: string): string =>
    colours && style !== null ? styleText(style, text, { validateStream: false }) : text;
  const { sides, fields, sections } = sheet;
  const rows = [...(sides.length > 0 ? [{ name: '', values: sides, tone: null }] : []), ...fields];
  const widths = [0, 1].map((at) => Math.max(...rows.map(({ values }) => oneLine(values[at] ?? '').length)));
  const wide = Math.max(12, ...rows.map(({ name }) => name.length));
  const lines = [
    paint('bold', oneLine(sheet.summary)),
    ...sheet.notes.map(oneLine),
    '',
    ...rows.map(({ name, values, tone }) => {
      const cells = values.map((value, at) =>
        paint(tone === null ? null : STYLES[tone], oneLine(value)).padEnd(
          values.length > 1 ? (widths[at] ?? 0) : 0,
        ),
      );
      return `${name.padEnd(wide)}  ${cells.join('  ')}`;
    }),
    ...sections
      .filter(({ entries }) => entries.length > 0)
      .flatMap(({ title, entries }) => ['', paint('bold', title), ...entries.flatMap(entryLines)]),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;

  function entryLines(entry: Entry | string): string[] {
    if (typeof entry === 'string') return [`  - ${oneLine(entry)}`];
    const { where, text, shows } = entry;
    return [
      `  ${where.padEnd(9)} ${paint('dim', oneLine(text))}`,
      ...(shows === '' ? [] : [`${' '.repeat(12)}${oneLine(shows)}`]),
    ];
  }
}
