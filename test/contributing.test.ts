// What CONTRIBUTING.md and docs/architecture.md name is there, and the recipes keep their sizes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');

function recipe(title: string): string {
  const from = text.indexOf(`### ${title}`);
  expect(from, title).toBeGreaterThan(0);
  const to = text.slice(from + 4).search(/^##/m);
  return text.slice(from, to < 0 ? undefined : from + 4 + to);
}
const filesIn = (part: string): string[] =>
  [...part.matchAll(/^\d\. `([^`]+)`/gm)].map((match) => match[1] ?? '');

test.each([
  ['A guest setting', 4, 'emulator'],
  ['A cause of `diagnose`', 3, 'halts-in-idle'],
  ['A reporter', 3, 'tap'],
  ['An accelerator', 5, 'nested'],
])('%s: at most %i files, all of them there, each with its example', (title, most, example) => {
  const part = recipe(title);
  const files = filesIn(part);
  expect(part).toContain(`\`${example}\``);
  expect(files.length).toBeGreaterThan(0);
  expect(files.length).toBeLessThanOrEqual(most);
  for (const file of files) {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
  }
  // What the example is stands in the first of them.
  expect(readFileSync(join(ROOT, files[0] ?? ''), 'utf8').toLowerCase()).toContain(example);
});

test('every file, folder and script that is named is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const [page, content] of [
    ['CONTRIBUTING.md', text],
    ['docs/architecture.md', readFileSync(join(ROOT, 'docs', 'architecture.md'), 'utf8')],
  ] as const) {
    for (const [, path = ''] of content.matchAll(
      /`((?:harness|test|docs|scripts|schema|images)\/[\w./-]*)`/g,
    ))
      expect(existsSync(join(ROOT, path)), `${page}: ${path}`).toBe(true);
    for (const [, link = ''] of content.matchAll(/\]\(([\w./-]+\.md)/g))
      expect(existsSync(join(ROOT, dirname(page), link)), `${page}: ${link}`).toBe(true);
    for (const [, script = ''] of content.matchAll(/npm run ([\w:]+)/g))
      expect(Object.keys(scripts)).toContain(script);
  }
});

test('every room has its row', () => {
  const rooms = readdirSync(join(ROOT, 'harness'));
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  for (const room of rooms)
    expect(
      rows.some((row) => row.split(' | ')[0]?.includes(`\`${room}\``)),
      room,
    ).toBe(true);
});
