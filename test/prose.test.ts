// The style of pages and help: plain technical English, the same word for the same thing. Each rule says what to write in place of it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../harness/cli/commands.ts';

const RULES: readonly (readonly [found: RegExp, instead: string])[] = [
  [/(?:^|[.:|;*] )Where (?!to |the \w+ build's |the start )[^.?\n]*\w/, '"If ..." for a condition'],
  [/\b\d+ where\b|\b(?:only|also|or|never|refused|skipped) where (?!it is\b)/, '"if" for a condition'],
  [/\bleft open,? (?:it is|it comes)\b/i, '"Default: ..."'],
  [/\bhow wrong it\b/, '"how inaccurate it"'],
  [/\bneeds? an old\b/, 'what is enough: "Node 18 or newer is enough"'],
  [/\bare no (?:range|list|pair)\b/, '"needs at least two ...; found 1"'],
  [/\bgone on with\b|\bgoes? on with (?:a|the) (?:run|search)\b/, '"resume"'],
  [/\boftener\b|\bhow-manieth\b/, '"more often", "index"'],
  [
    /\b(?:thereof|whereby|whilst|amongst|lest|henceforth|heretofore|albeit|in order to|utilize|leverage)\b/i,
    'the plain word',
  ],
  [/\b(?:please|simply|obviously|of course|very simple)\b/i, 'nothing: leave it out'],
  [/\b(\w+) \1\b(?<!\bthat that|\bhad had)/i, 'the word once'],
];

const PROJECT = join(import.meta.dirname, '..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(PROJECT, 'docs')).map((page) => `docs/${page}`),
];

/** Code is not prose. Line ends are kept, so that a line can be named. */
function prose(text: string): string {
  const blank = (code: string) => code.replaceAll(/[^\n]+/g, '\u2026');
  return text
    .replaceAll(/^```.*?^```$/gms, blank)
    .replaceAll(/^ {4}.*$/gm, blank)
    .replaceAll(/`[^`]+`/g, blank);
}

const faults = (text: string): string[] =>
  text
    .split('\n')
    .flatMap((line, at) =>
      RULES.flatMap(([found, instead]) =>
        found.test(line) ? [`${at + 1}: ${found.exec(line)?.[0]} (write ${instead})`] : [],
      ),
    );

test.each(PAGES.filter((page) => page.endsWith('.md')))('%s is written plainly', (page) => {
  expect(faults(prose(readFileSync(join(PROJECT, page), 'utf8')))).toEqual([]);
});

test('help is written plainly', () => {
  const texts = COMMANDS.flatMap(({ about, options }) => [
    about,
    ...Object.values(options).map((one) => one.about),
  ]);
  expect(faults(texts.join('\n'))).toEqual([]);
});

test.each([
  'Where the user is root, it runs as another.',
  '0 where every cell was as expected',
  'Left open, it is kvm.',
  'the the word',
])('the rules see: %s', (text) => expect(faults(text)).toHaveLength(1));
