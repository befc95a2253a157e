// Pages for people: every link leads somewhere, in a checkout and in the package; commands and messages are the program's.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { expect, test } from 'vitest';
import { optionName } from '../harness/cli/command.ts';
import { COMMANDS } from '../harness/cli/commands.ts';

const PROJECT = join(import.meta.dirname, '..');
const below = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => join(folder, file));
const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...below('docs', /\.md$/)];
const read = (file: string): string => readFileSync(join(PROJECT, file), 'utf8');
const texts = new Map(PAGES.map((file) => [file, read(file)]));

/** What npm packs: "files" of package.json, and what it always adds. */
const { files } = JSON.parse(read('package.json')) as { readonly files: readonly string[] };
const isPacked = (file: string): boolean =>
  ['README.md', 'LICENSE', 'package.json'].includes(file) ||
  files.some((one) => file === one || file.startsWith(`${one}/`));

/** Addresses of links and pictures, as a renderer finds them. */
function linksOf(text: string): string[] {
  const html = micromark(text, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
  return [...html.matchAll(/ (?:href|src)="([^"]*)"/g)].map(([, address = '']) => decodeURI(address));
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

test.each(PAGES)('every link of %s leads somewhere', (page) => {
  const wrong = linksOf(texts.get(page) ?? '').filter((address) => {
    if (/^[a-z]+:/.test(address)) return false;
    const [path = '', anchor = ''] = address.split('#');
    const target = path === '' ? page : relative(PROJECT, join(PROJECT, dirname(page), path));
    if (!existsSync(join(PROJECT, target)) || (isPacked(page) && !isPacked(target))) return true;
    return anchor !== '' && !anchorsOf(read(target)).includes(anchor);
  });
  expect(wrong).toEqual([]);
});

test('every page of docs is reached from its index, and every decision from theirs', () => {
  const reached = (index: string) => linksOf(texts.get(index) ?? '').map((address) => address.split('#')[0]);
  const pages = readdirSync(join(PROJECT, 'docs')).filter(
    (file) => file.endsWith('.md') && file !== 'README.md',
  );
  expect(reached('docs/README.md')).toEqual(expect.arrayContaining(pages));
  const decisions = readdirSync(join(PROJECT, 'docs', 'decisions')).filter((file) => file !== 'README.md');
  expect(reached('docs/decisions/README.md').sort()).toEqual(decisions.sort());
});

test('no change is told twice', () => {
  const entries = (texts.get('CHANGELOG.md') ?? '').split(/^- /m).slice(1);
  expect(entries.length).toBeGreaterThan(50);
  expect(entries.filter((entry, at) => entries.indexOf(entry) !== at)).toEqual([]);
});

test('commands in pages are commands, with options that they have', () => {
  const wrong = [...texts].flatMap(([page, text]) => {
    // Changes speak of what was.
    if (page === 'CHANGELOG.md') return [];
    const code = [...text.matchAll(/^(?: {4}|\t)(.*)$|`([^`\n]+)`/gm)].map(
      ([, block, word]) => block ?? word ?? '',
    );
    const fenced = [...text.matchAll(/^```(?:sh)?\n(.*?)^```/gms)].flatMap(([, lines = '']) =>
      lines.split('\n'),
    );
    return [...code, ...fenced].flatMap((line) => {
      const [, name = '', rest = ''] = /(?:^|[|;&] )(?:\.\/)?tscmatrix ([a-z]+)\b([^|;&#]*)/.exec(line) ?? [];
      if (name === '') return [];
      const command = COMMANDS.find(({ usage }) => usage.split(' ')[0] === name);
      if (command === undefined) return [`${page}: ${line}`];
      const own = [...Object.entries(command.options).map(([key, one]) => optionName(key, one)), '--help'];
      const options = [...rest.matchAll(/(?<=\s)--[a-z][a-z0-9-]*/g)].map(([option]) => option);
      return options.every((option) => own.includes(option)) ? [] : [`${page}: ${line}`];
    });
  });
  expect(wrong).toEqual([]);
});

test('messages that troubleshooting explains are messages of the program', () => {
  const source = [...below('harness', /\.ts$/), 'tscmatrix'].map(read).join('\n');
  const page = texts.get('docs/troubleshooting.md') ?? '';
  const messages = [...page.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message),
  );
  expect(messages.length).toBeGreaterThan(10);
  expect(messages.filter((message) => !source.includes(message))).toEqual([]);
});
