// docs/security.md says which programs each file may start, and which of these files each command reaches.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const HARNESS = join(ROOT, 'harness');
const STARTS = /\b(?:tryTool|runTool|runGroup|startProcess|execa)\(/;
/** What starts programs for the rest; the files that call it are what counts. */
const MEANS = 'host/process.ts';

const texts = new Map(
  readdirSync(HARNESS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file, readFileSync(join(HARNESS, file), 'utf8')]),
);
const starters = [...texts]
  .filter(([file, text]) => STARTS.test(text) && file !== MEANS)
  .map(([file]) => file);

/** Of values, not of types: what is loaded. */
function importsOf(file: string): string[] {
  const text = (texts.get(file) ?? '').replaceAll(/import type [^;]*;/g, '');
  return [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)]
    .map((match) => relative(HARNESS, join(HARNESS, dirname(file), match[1] ?? '')))
    .filter((target) => existsSync(join(HARNESS, target)));
}

function reached(from: string): Set<string> {
  const seen = new Set<string>();
  const waiting = [from];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    waiting.push(...importsOf(file));
  }
  return seen;
}

/** Rows of the table below a heading of docs/security.md, cells without backticks. */
function table(heading: string): string[][] {
  const text = readFileSync(join(ROOT, 'docs', 'security.md'), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replaceAll('`', '').trim()),
    );
}

test('each file that starts programs is in the table, and no other', () => {
  expect(
    table('What starts programs')
      .map(([file]) => file)
      .sort(),
  ).toEqual(starters.sort());
});

test('commands that only read can reach what the table says', () => {
  const rows = table('What each command reaches');
  expect(rows.map(([command]) => command)).toEqual(
    'blob compare diagnose history merge rejudge report'.split(' '),
  );
  for (const [command = '', may = ''] of rows) {
    const files = reached(join('cli', `${command}.ts`));
    const found = starters.filter((file) => files.has(file)).sort();
    expect(found.join(', '), command).toBe(may === 'none' ? '' : may);
  }
});
