/** A diagnosis as text for people. */
import { styleText } from 'node:util';
import { oneLine } from '../base/safe-text.ts';
import type { Citation, Diagnosis } from '../verdict/types.ts';

type Style = Parameters<typeof styleText>[0];

export function diagnosisText(d: Diagnosis, colours: boolean): string {
  const paint = (style: Style, text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const lines = [
    paint('bold', oneLine(d.summary)),
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

function item(text: string): string {
  return `  - ${oneLine(text)}`;
}
