/** A diagnosis as text for people. */
import { styleText } from 'node:util';
import { oneLine } from '../base/safe-text.ts';
import type { Boots } from '../evidence/pasted/boots.ts';
import type { Citation, Diagnosis } from '../verdict/types.ts';

type Style = Parameters<typeof styleText>[0];

/** What the text is, beside what it says. */
export interface TextNotes {
  readonly boots?: Boots;
  /** The first line, where nothing was recognised. */
  readonly first?: { readonly n: number; readonly text: string; readonly prefix: string };
}

export function diagnosisText(d: Diagnosis, notes: TextNotes, colours: boolean): string {
  const paint = (style: Style, text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const lines = [
    paint('bold', oneLine(d.summary)),
    ...textNotes(notes),
    '',
    `registration  ${paint(d.registration === 'never' || d.registration === 'unstable' ? 'red' : 'cyan', d.registration)}`,
    `current       ${oneLine(d.current ?? 'not known')}`,
    `available     ${oneLine(d.available?.join(' ') ?? 'not known')}`,
    `cause         ${paint(d.cause === 'none' ? 'green' : 'yellow', d.cause)}`,
    `confidence    ${d.confidence}`,
    ...section('What shows it', d.evidence.flatMap(citation)),
    ...section('What it is not', d.not.map(item)),
    ...section('Next', d.next.map(item)),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;

  function section(title: string, content: readonly string[]): string[] {
    return content.length === 0 ? [] : ['', paint('bold', title), ...content];
  }
  function citation({ line, text, shows }: Citation): string[] {
    const where = line > 0 ? `line ${line}` : 'missing';
    return [`  ${where.padEnd(9)} ${paint('dim', oneLine(text))}`, `${' '.repeat(12)}${oneLine(shows)}`];
  }
}

function textNotes({ boots, first }: TextNotes): string[] {
  const several =
    boots === undefined
      ? []
      : [
          `${boots.count} boots; ${boots.chosen === boots.count ? 'the last' : `number ${boots.chosen}`}, from line ${boots.line} (--boot N for another)`,
        ];
  if (first === undefined) return several;
  const prefix =
    first.prefix === '' ? 'nothing was taken for a prefix' : `taken for its prefix: ${oneLine(first.prefix)}`;
  return [...several, `line ${first.n} is the first: ${oneLine(first.text).slice(0, 200)}`, prefix];
}

function item(text: string): string {
  return `  - ${oneLine(text)}`;
}
