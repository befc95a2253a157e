/** Blocks of code in markdown. */
import { oneLine } from './safe-text.ts';

/** Text of several lines as it is, tabs as eight spaces, in a fence longer than any run of backticks inside. */
export function fenced(text: string, language: string): string {
  const body = text
    .split('\n')
    .map((line) => oneLine(`|${line}`.replaceAll('\t', '        ')).slice(1))
    .join('\n');
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${body}\n${fence}`;
}
