// docs/commands.md says what the commands' data say: every command and every option, and none that is gone.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXIT_CODES } from '../../harness/cli/about.ts';
import { optionName } from '../../harness/cli/command.ts';
import { COMMANDS } from '../../harness/cli/commands.ts';
import { COMMANDS as GUEST_COMMANDS } from '../../harness/diagnose/over-ssh.ts';
import { COMPARISON_REPORTERS, REPORTER_NAMES } from '../../harness/report/reporters.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const page = await readFile(join(DOCS, 'commands.md'), 'utf8');
const sections = new Map(page.split(/^## /m).map((text) => [text.split('\n')[0] ?? '', text]));

const COMMON = ['--json', '--help', '--version'];

const nameOf = ({ usage }: { readonly usage: string }) => usage.split(' ')[0] ?? '';

/** Options named in the tables of a section. */
function optionsInTables(section: string): string[] {
  return [...section.matchAll(/^\| `(--[a-z0-9-]+)/gm)].map(([, option = '']) => option);
}

test('every command has its section with an example, and every option its row', () => {
  expect(optionsInTables(sections.get('Options of all commands') ?? '').sort()).toEqual([...COMMON].sort());
  for (const command of COMMANDS) {
    const name = nameOf(command);
    const section = sections.get(name) ?? '';
    expect(section, `an example of ${name}`).toMatch(new RegExp(`^ {4}.*tscmatrix ${name}\\b`, 'm'));
    const options = Object.entries(command.options).map(([key, option]) => optionName(key, option));
    const own = options.filter((option) => !COMMON.includes(option));
    expect(optionsInTables(section).sort(), name).toEqual(own.sort());
  }
});

test('the table at the top has every command', () => {
  const listed = [...page.slice(0, page.indexOf('\n## ')).matchAll(/^\| \[([a-z]+)\]\(#([a-z]+)\)/gm)];
  expect(listed.map(([, name]) => name).sort()).toEqual(COMMANDS.map(nameOf).sort());
  for (const [, name, anchor] of listed) expect(anchor).toBe(name);
});

test('which commands have no --json is said', () => {
  const row = /^\| `--json` \|(.*)/m.exec(page)?.[1] ?? '';
  const without = COMMANDS.filter(({ options }) => !Object.hasOwn(options, 'json')).map(nameOf);
  expect([...row.matchAll(/`([a-z]+)`/g)].map(([, name]) => name).sort()).toEqual(without.sort());
});

test('no section is for a command that is gone', () => {
  const others = ['# Commands', 'Exit codes', 'Options of all commands'];
  const names = [...sections.keys()].filter((name) => !others.includes(name));
  expect(names.sort()).toEqual(COMMANDS.map(nameOf).sort());
});

test('the reporters are those of the registry', async () => {
  const record = await readFile(join(DOCS, 'record.md'), 'utf8');
  const reports = record.slice(record.indexOf('\n## Reports\n')).split('\n## ')[1] ?? '';
  const listed = [...reports.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name);
  expect(listed.sort()).toEqual([...REPORTER_NAMES].sort());
  const row = /^\| `--reporter [^|]*\|([^|]*)/m.exec(sections.get('compare') ?? '')?.[1] ?? '';
  const ofCompare = [...row.matchAll(/`([a-z]+)`/g)].map(([, name]) => name);
  expect(ofCompare.sort()).toEqual([...COMPARISON_REPORTERS].sort());
});

test('what is run on a guest is listed word by word', () => {
  const listed = (sections.get('diagnose') ?? '').matchAll(/^\d+\. `([^`]+)`/gm);
  const run = Object.values(GUEST_COMMANDS).flat();
  expect([...listed].map(([, command]) => command)).toEqual(run);
});

test('the exit codes are those of the help', () => {
  const codes = [...EXIT_CODES.matchAll(/\b(\d+) [a-z]/g)].map(([, code]) => code);
  expect(codes).toEqual(['0', '1', '2', '69', '130']);
  const rows = [...(sections.get('Exit codes') ?? '').matchAll(/^\| (\d+) \|/gm)].map(([, code]) => code);
  expect(rows).toEqual(expect.arrayContaining(codes));
});
