// Help, completion and manual page come from the commands' data: nothing of these is missing in any, and examples are commands.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { optionName } from '../../harness/cli/command.ts';
import { COMMANDS, GROUPS } from '../../harness/cli/commands.ts';
import { completionScript, SHELLS } from '../../harness/cli/completion.ts';
import { moreHelp } from '../../harness/cli/forms.ts';
import { manualPage } from '../../harness/cli/manual.ts';

const nameOf = ({ usage }: { readonly usage: string }) => usage.split(' ')[0] ?? '';
const optionsOf = (command: (typeof COMMANDS)[number]) =>
  Object.entries(command.options).map(([key, option]) => optionName(key, option));

test.each(SHELLS)('the completion of %s has every command and option', (shell) => {
  const text = completionScript(shell, COMMANDS);
  for (const command of COMMANDS) {
    expect(text).toContain(nameOf(command));
    for (const name of optionsOf(command))
      expect(text).toContain(shell === 'fish' ? `-l ${name.slice(2)}` : name);
  }
});

test('the manual page has every command with its options and examples', () => {
  const page = manualPage(GROUPS).replaceAll('\\-', '-');
  for (const command of COMMANDS) {
    const part = page.split(`.SS tscmatrix ${command.usage}\n`)[1]?.split('\n.S')[0] ?? '';
    for (const name of optionsOf(command))
      expect(part, command.usage).toMatch(new RegExp(`^\\.B ${name}\\b`, 'm'));
    for (const line of command.examples ?? []) expect(part).toContain(`tscmatrix ${line}`);
  }
  // Nothing in it is a request by accident.
  const requests = page.split('\n').filter((line) => /^[.']/.test(line));
  expect(requests.filter((line) => !/^\.(?:TH|SH|SS|TP|B|I|PP|nf|fi)(?: |$)/.test(line))).toEqual([]);
});

test('every command has an example, with options that it has, and help names no file of ours', () => {
  for (const command of COMMANDS) {
    expect(command.examples?.length ?? 0, command.usage).toBeGreaterThan(0);
    for (const line of command.examples ?? []) {
      expect(line.split(' ')[0]).toBe(nameOf(command));
      const options = [...line.matchAll(/ (--[a-z0-9-]+)/g)].map(([, name]) => name);
      expect(optionsOf(command)).toEqual(expect.arrayContaining(options));
    }
    const texts = [
      command.about,
      ...Object.values(command.options).map(({ about }) => about),
      moreHelp(command),
    ];
    expect(texts.join('\n')).not.toMatch(/docs\/|\bmatrices\//);
  }
});

test('every command that can build says that this runs code, and so does one page', () => {
  const building = COMMANDS.filter(({ options }) => 'confinement' in options);
  expect(building.map(nameOf)).toEqual(
    expect.arrayContaining(['run', 'build', 'boot', 'bisect', 'probe', 'validate', 'sweep']),
  );
  for (const { options, usage } of building)
    expect((options as Record<string, { about: string }>).confinement?.about, usage).toMatch(
      /^do not confine .*(?:run its code|scripts)/,
    );
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'security.md'), 'utf8');
  expect(page).toContain('To build a kernel is to run its code');
});

test('the forms of values stand with the commands that take them', () => {
  const help = (name: string) =>
    moreHelp(COMMANDS.find((one) => nameOf(one) === name) as (typeof COMMANDS)[number]);
  expect(help('run')).toMatch(/^MATRIX:.*^RUN:.*^--filter:/ms);
  expect(help('bisect')).toMatch(/^--cell:.*^--expect:/ms);
  expect(help('bisect')).not.toMatch(/^RUN:/m);
  expect(help('boot')).toMatch(/^--ref-delay:/m);
  expect(help('kernels')).toMatch(/^\nExamples:/);
});
