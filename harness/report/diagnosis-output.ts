/** What `diagnose` prints, in the form that was asked for, and the sheet that its page is made of. */
import { json } from '../base/safe-text.ts';
import type { Pasted } from '../evidence/pasted/read-pasted.ts';
import type { LogComparison, LogSide } from '../verdict/compare-logs.ts';
import type { Diagnosis } from '../verdict/types.ts';
import { sheetMarkdown } from './diagnosis-markdown.ts';
import { comparisonSheet, diagnosisSheet, type Sheet, type TextNotes } from './diagnosis-sheet.ts';
import { sheetText } from './diagnosis-text.ts';

/** A text, and what is asked of it. */
export interface Answered {
  readonly name: string;
  readonly input: LogSide;
  readonly pasted: Pasted;
  readonly found: string | undefined;
}

export interface Output {
  readonly text: string;
  readonly page: Sheet;
}

type Form = 'text' | 'markdown' | 'json';

function notesOf({ input, pasted: { boots, first }, found }: Answered): TextNotes {
  return {
    ...(boots.count > 1 ? { boots } : {}),
    ...(input.facts.shape.kind === 'none' && first !== null ? { first } : {}),
    ...(found === undefined ? {} : { found }),
  };
}

export function diagnosisOutput(a: Answered, diagnosis: Diagnosis, form: Form, colours: boolean): Output {
  const notes = notesOf(a);
  const page = diagnosisSheet(diagnosis, notes, `Diagnosis of ${a.name}`, a.pasted.lines);
  return { page, text: textOf(page, { ...diagnosis, ...notes }, form, colours) };
}

export function comparisonOutput(
  [a, b]: readonly [Answered, Answered],
  comparison: LogComparison,
  form: Form,
  colours: boolean,
): Output {
  const notes = [notesOf(a), notesOf(b)] as const;
  const page = comparisonSheet(comparison, [a.name, b.name], notes, [a.pasted.lines, b.pasted.lines]);
  return { page, text: textOf(page, { files: [a.name, b.name], ...comparison }, form, colours) };
}

function textOf(sheet: Sheet, value: object, form: Form, colours: boolean): string {
  return form === 'json'
    ? `${json(value)}\n`
    : form === 'markdown'
      ? sheetMarkdown(sheet)
      : sheetText(sheet, colours);
}
