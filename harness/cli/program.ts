/** The commands as commander's program. Nothing here loads a command's own code before it is asked for. */
import { Command, CommanderError, Option } from 'commander';
import { EXIT } from '../base/errors.ts';
import { ABOUT, EXIT_CODES, version } from './about.ts';
import { type AnyCommand, optionName, type Option as Spec } from './command.ts';
import { GROUPS } from './commands.ts';
import { moreHelp } from './forms.ts';

/** Gives the function that runs a command line and tells its exit code. */
export function makeProgram(): (argv: readonly string[]) => Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command('tscmatrix')
    .description(ABOUT)
    .version(version())
    .addHelpText('after', EXIT_CODES)
    .showSuggestionAfterError()
    .exitOverride();
  for (const [group, specs] of Object.entries(GROUPS))
    for (const spec of specs) {
      const command = program.command(spec.usage).helpGroup(`${group}:`);
      command.description(spec.about).addHelpText('after', () => moreHelp(spec));
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
  return spec.start(flags as never, { isGiven, groups: GROUPS }, command.processedArgs as never);
}
