/** A diagnosis, or a comparison of two logs, in markdown for a ticket: the lines it rests on are marked in what stands around them. */
import { fenced, oneLine, markdown as safe } from '../base/safe-text.ts';
import { type Entry, excerpt, type Sheet, type SheetLog } from './diagnosis-sheet.ts';

/** Lines of the log on either side of a cited one: what is not about it is nobody's business in a ticket. */
const REACH = 1;

export function sheetMarkdown(sheet: Sheet): string {
  const { sides, fields, sections, logs, notes } = sheet;
  const row = (cells: readonly string[]): string => `| ${cells.map(safe).join(' | ')} |`;
  const head = sides.length > 0 ? sides : [''];
  const parts = [
    `## tscmatrix: ${safe(sheet.heading)}`,
    `**${safe(sheet.summary)}**`,
    ...notes.map(safe),
    [
      row(['', ...head]),
      `|${' --- |'.repeat(head.length + 1)}`,
      ...fields.map((f) => row([f.name, ...f.values])),
    ].join('\n'),
    ...logs.filter(({ marks }) => marks.size > 0).map(logText),
    ...sections
      .filter(({ entries }) => entries.length > 0)
      .map(({ title, entries }) => `### ${safe(title)}\n\n${entries.map(item).join('\n')}`),
  ];
  return `${parts.join('\n\n')}\n`;
}

function item(entry: Entry | string): string {
  if (typeof entry === 'string') return `- ${safe(entry)}`;
  return `- ${safe(entry.where)}: ${[entry.text, entry.shows]
    .filter((text) => text !== '')
    .map(safe)
    .join('<br>')}`;
}

function logText(log: SheetLog): string {
  const shown = excerpt(log, REACH).map((line) =>
    'gap' in line
      ? `  ... ${line.gap} ${line.gap === 1 ? 'line' : 'lines'}`
      : `${line.shows === null ? ' ' : '>'} ${String(line.n).padStart(6)}  ${oneLine(line.text)}`,
  );
  return `### ${safe(log.title)}\n\n${fenced(shown.join('\n'), 'text')}`;
}
