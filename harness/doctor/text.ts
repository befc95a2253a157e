/** An examination as text for people. The status words read without colour. */
import { styleText } from 'node:util';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { type Examination, type Row, type Status, TOPICS } from './types.ts';

interface TextStyle {
  readonly colour: boolean;
  /** Of the terminal; undefined if there is no limit. */
  readonly columns: number | undefined;
}

const MARKS: Readonly<Record<Status, string>> = {
  ok: 'ok',
  missing: 'MISSING',
  unusable: 'UNUSABLE',
  unknown: 'unknown',
};
const COLOURS: Readonly<Record<Status, 'green' | 'red' | 'yellow' | 'magenta'>> = {
  ok: 'green',
  missing: 'red',
  unusable: 'red',
  unknown: 'yellow',
};
const MARK_COLUMNS = 10;
const LEAST_COLUMNS = 60;

export function examinationText(examination: Examination, style: TextStyle): string {
  const { rows } = examination;
  const nameColumns = Math.max(0, ...rows.map((row) => stringWidth(row.name))) + 2;
  const blocks = TOPICS.flatMap((topic) => {
    const own = rows.filter((row) => row.topic === topic);
    if (own.length === 0) return [];
    return [[paint('bold', topic, style), ...own.map((row) => rowText(row, nameColumns, style))].join('\n')];
  });
  return `${[...blocks, closing(examination)].join('\n\n')}\n`;
}

function rowText(row: Row, nameColumns: number, style: TextStyle): string {
  const mark = paint(COLOURS[row.status], MARKS[row.status].padEnd(MARK_COLUMNS), style);
  const margin = ' '.repeat(2 + MARK_COLUMNS + nameColumns);
  // Who needs it matters if it is not there.
  const whom = row.status === 'ok' ? '' : ` [needed ${row.needed}]`;
  const remedy = row.remedy === null ? '' : `\n-> ${row.remedy}`;
  const width = Math.max(LEAST_COLUMNS, style.columns ?? Number.POSITIVE_INFINITY) - margin.length;
  const body = `${row.found}${whom}${remedy}`;
  const wrapped = Number.isFinite(width) ? wrapAnsi(body, width) : body;
  return `  ${mark}${row.name.padEnd(nameColumns)}${wrapped.replaceAll('\n', `\n${margin}`)}`;
}

function closing({ ok, rows, install }: Examination): string {
  const lacking = rows.filter((row) => row.status !== 'ok');
  const vital = lacking.filter((row) => row.needed === 'always').map((row) => row.name);
  const others = new Map<string, string[]>();
  for (const { needed, name } of lacking) {
    if (needed !== 'always') others.set(needed, [...(others.get(needed) ?? []), name]);
  }
  return [
    ok ? 'This host can run matrices.' : `This host cannot run matrices: ${vital.join(', ')}.`,
    ...[...others].map(([needed, names]) => `Not all is there ${needed}: ${names.join(', ')}.`),
    ...(install === null ? [] : [`To install what is missing: ${install}`]),
  ].join('\n');
}

function paint(format: Parameters<typeof styleText>[0], text: string, { colour }: TextStyle): string {
  return colour ? styleText(format, text, { validateStream: false }) : text;
}
