/** The statement as a mail to a list: plain text of 72 columns, what decides first, the rest in the long form. Pure. */
import wrapAnsi from 'wrap-ansi';
import { capital } from '../base/capital.ts';
import { oneLine } from '../base/safe-text.ts';
import { shellWord } from '../base/shell.ts';
import { marginText } from './margins.ts';
import type { Statement } from './statement.ts';
import { FINDING_WORDS, repeatsText, sideText } from './statement-text.ts';
import { type Finding, ROLES, type Side } from './types.ts';

/** RFC 3676 and the lists ask for no more than 78; a quoted reply needs some of it. */
const COLUMNS = 72;
const SHOWN = 4;

/** What weighs most comes first: harness/validate/conclude.ts. */
const WEIGHT: readonly Finding[] = [
  'worse',
  'accepts',
  'missing',
  'other',
  'tolerant',
  'unclear',
  'as-reference',
  'same',
  'apart',
  'chance',
];

/** Lines after the first are indented by `hang`. */
function wrapped(first: string, text: string, hang: number): string {
  const width = COLUMNS - hang;
  const lines = wrapAnsi(`${first.slice(hang)}${oneLine(text)}`, width, { hard: true, trim: false }).split(
    '\n',
  );
  return lines.map((line, i) => (i === 0 ? first.slice(0, hang) : ' '.repeat(hang)) + line.trim()).join('\n');
}

/** `long` is the name of the file that has the whole statement. */
export function renderMail(statement: Statement, long: string): string {
  const { backport, base, reference, conclusion, boots, guests, margins, inputs } = statement;
  const all = [
    ...guests.map((one) => ({ ...one, what: one.guest, text: sideLines(one) })),
    ...margins.map((one) => ({
      ...one,
      what: `margin, ${one.guest}`,
      isControl: false,
      text: marginLines(one),
    })),
  ];
  const isAgainst = !['equivalent', 'inconclusive'].includes(conclusion.kind);
  const decisive = all
    .filter(({ finding, isControl }) =>
      isAgainst
        ? !['same', 'as-reference', 'apart', 'chance'].includes(finding)
        : finding !== 'same' || isControl,
    )
    .toSorted((a, b) => weight(a) - weight(b));
  const shown = decisive.slice(0, SHOWN);
  const rest = all.filter((one) => !shown.includes(one));
  const parts = [
    `tscmatrix validate: ${conclusion.kind}`,
    [
      wrapped('Backport:  ', backport.what, 11),
      wrapped('Base:      ', base, 11),
      wrapped('Reference: ', reference, 11),
    ].join('\n'),
    wrapped('', `${capital(conclusion.because)}.`, 0),
    ...shown.map(({ what, finding, isControl, text }) => {
      const words = FINDING_WORDS[finding].replaceAll('*', '');
      return [wrapped('* ', `${what}${isControl ? ' (negative control)' : ''}: ${words}`, 2), ...text].join(
        '\n',
      );
    }),
    ...(rest.length === 0 ? [] : [wrapped('', `The other ${rest.length}: ${countsText(rest)}.`, 0)]),
    ...conclusion.settle.map((text) => wrapped('To settle it: ', text, 4)),
    wrapped('', repeatsText(boots), 0),
    wrapped('', `All guests, margins, the patch itself and the cited lines: ${long}, attached.`, 0),
    `To repeat it:\n${commandText(inputs.command)}`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** A word is never cut, so one that is longer makes a longer line. */
function commandText(words: readonly string[]): string {
  const lines: string[] = [];
  for (const word of words.map(shellWord)) {
    const line = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length === 0 || line.length > COLUMNS - 3) lines.push(` ${word}`);
    else lines[lines.length - 1] = line;
  }
  return lines.map((line) => ` ${line}`).join(' \\\n');
}

type Weighed = Pick<Statement['guests'][number], 'finding' | 'isControl'> & { readonly offPpm?: number };

/** A wrong frequency weighs more than all else, the one farthest off most. */
function weight({ finding, isControl, offPpm }: Weighed): number {
  if (offPpm !== undefined) return -Math.abs(offPpm);
  return WEIGHT.indexOf(finding) + (isControl ? 0.5 : 0);
}

function countsText(rest: readonly { readonly finding: Finding }[]): string {
  const counts = Map.groupBy(rest, ({ finding }) => FINDING_WORDS[finding].replaceAll('*', ''));
  return [...counts].map(([words, all]) => `${all.length} ${words}`).join(', ');
}

function sideLines(guest: Readonly<Record<(typeof ROLES)[number], Side>>): string[] {
  return ROLES.flatMap((role) => {
    const [cited] = guest[role].cited;
    const line =
      cited === undefined
        ? ''
        : cited.line === 0
          ? `not there: ${cited.text}`
          : `line ${cited.line}: ${cited.text}`;
    return [
      wrapped(`  ${`${role}:`.padEnd(11)}`, sideText(guest[role]), 13),
      ...(line === '' ? [] : [wrapped('    ', line, 4)]),
    ];
  });
}

function marginLines(one: Statement['margins'][number]): string[] {
  return ROLES.map((role) => wrapped(`  ${`${role}:`.padEnd(11)}`, marginText(one[role]), 13));
}
