/** The commands as commander's program. Nothing here loads a command's own code before it is asked for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { EXIT } from '../base/errors.ts';
import { projectFolder } from '../host/project.ts';
import { type AnyCommand, optionName, type Option as Spec } from './command.ts';
import { COMMANDS } from './commands.ts';

export const EXIT_CODES = `
Exit codes: 0 all as expected; 1 something unexpected or flaky; 2 bad usage or input;
69 the host cannot do it (no QEMU, no accelerator, no space); 130 interrupted.`;

/** Gives the function that runs a command line and tells its exit code. */
export function makeProgram(): (argv: readonly string[]) => Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command('tscmatrix')
    .description(
      'Boots Linux guests in QEMU and says whether, how and how accurately each registers the TSC.',
    )
    .version(version())
    .addHelpText('after', EXIT_CODES)
    .showSuggestionAfterError()
    .exitOverride();
  for (const spec of COMMANDS) {
    const command = program.command(spec.usage).description(spec.about);
    for (const [key, option] of Object.entries(spec.options)) command.addOption(optionOf(key, option));
    command.action(async () => {
      exitCode = await start(spec, command);
    });
  }
  return async (argv) => {
    try {
      await program.parseAsync(argv, { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    return exitCode;
  };
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(projectFolder(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

function optionOf(key: string, spec: Spec<unknown>): Option {
  const { about, takes, parse, choices, value, shown, many, required } = spec;
  const name = optionName(key, spec);
  const option = new Option(takes === undefined ? name : `${name} ${takes}`, about);
  if (parse !== undefined) option.argParser((text) => parse(text, name));
  if (choices !== undefined) option.choices(choices as readonly string[]);
  if (many) option.argParser<string[]>((text, before = []) => [...before, text]);
  if (value !== undefined) option.default(value, shown);
  return option.makeOptionMandatory(required === true);
}

/** What commander read is of the types that the options' data say. */
async function start(spec: AnyCommand, command: Command): Promise<number> {
  const lists = Object.entries(spec.options).filter(([, { many }]) => many);
  const flags = { ...Object.fromEntries(lists.map(([key]) => [key, []])), ...command.opts() };
  for (const [key, { notice }] of Object.entries(spec.options)) {
    const values = [flags[key as keyof typeof flags] ?? []].flat() as string[];
    for (const text of new Set(values.flatMap((value) => notice?.(value) ?? [])))
      process.stderr.write(`tscmatrix: ${optionName(key)}: ${text}\n`);
  }
  if (command.opts().confinement === false) (await import('../host/confine/confine.ts')).confineNothing();
  const isGiven = (flag: string): boolean => command.getOptionValueSource(flag) === 'cli';
  return spec.start(flags as never, { isGiven }, command.processedArgs as never);
}
