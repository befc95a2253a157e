// docs/commands.md says what the program's own help says: every command and every option, and none that is gone.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../../harness/cli/collect.ts';
import { openWorkshop, type Workshop } from './tscmatrix.ts';

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.remove());

const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'commands.md'), 'utf8');
const sections = new Map(page.split(/^## /m).map((text) => [text.split('\n')[0] ?? '', text]));

const COMMON = ['--json', '--help', '--version'];

/** Options at the beginning of a help line: what follows in a description does not count. */
function optionsOf(help: string): string[] {
  return [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z0-9-]+)/gm)].map(([, option = '']) => option);
}
function commandsOf(help: string): string[] {
  const list = help.slice(help.indexOf('Commands:'), help.indexOf('Exit codes:'));
  return [...list.matchAll(/^ {2}([a-z]+) /gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
}
/** Options named in the tables of a section. */
function optionsInTables(section: string): string[] {
  return [...section.matchAll(/^\| `(--[a-z0-9-]+)/gm)].map(([, option = '']) => option);
}

test('every command has its section with an example, and every option its row', async () => {
  const help = (await shop.run(['--help'])).stdout;
  const commands = commandsOf(help);
  expect(commands).toEqual(expect.arrayContaining(['run', 'plan', 'boot', 'diagnose', 'doctor']));
  expect(optionsInTables(sections.get('Options of all commands') ?? '').sort()).toEqual([...COMMON].sort());
  for (const command of commands) {
    const section = sections.get(command) ?? '';
    expect(section, `a section for ${command}`).not.toBe('');
    expect(section, `an example of ${command}`).toMatch(new RegExp(`^ {4}.*tscmatrix ${command}\\b`, 'm'));
    const options = optionsOf((await shop.run([command, '--help'])).stdout);
    expect(options).toContain('--help');
    const own = options.filter((option) => !COMMON.includes(option));
    expect(optionsInTables(section).sort(), command).toEqual(own.sort());
  }
});

test('no section is for a command that is gone', async () => {
  const commands = commandsOf((await shop.run(['--help'])).stdout);
  const others = ['# Commands', 'Exit codes', 'Options of all commands'];
  expect([...sections.keys()].filter((name) => !others.includes(name)).sort()).toEqual(commands.sort());
});

test('what is run on a guest is listed word by word', () => {
  const listed = (sections.get('diagnose') ?? '').matchAll(/^\d+\. `([^`]+)`/gm);
  const run = Object.values(COMMANDS).flat();
  expect([...listed].map(([, command]) => command)).toEqual(run);
});

test('the exit codes are those of the help', async () => {
  const help = (await shop.run(['--help'])).stdout.replace(/[\s\S]*Exit codes/, '');
  const codes = [...help.matchAll(/\b(\d+) [a-z]/g)].map(([, code]) => code);
  expect(codes).toEqual(['0', '1', '2', '69', '130']);
  const rows = [...(sections.get('Exit codes') ?? '').matchAll(/^\| (\d+) \|/gm)].map(([, code]) => code);
  expect(rows).toEqual(expect.arrayContaining(codes));
});
