/** `tscmatrix manual`: the manual page, from the commands' own data. */
import { EXIT } from '../base/errors.ts';
import { ABOUT, EXIT_CODES, version } from './about.ts';
import { type AnyCommand, type CommandGroups, optionName, type Option as Spec } from './command.ts';
import { FORMS } from './forms.ts';

/** For roff (man(7)): a backslash and a dash are escaped, and no line begins with a request. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^(?=[.'])/gm, '\\&');

export async function manualCommand(groups: CommandGroups): Promise<number> {
  process.stdout.write(manualPage(groups));
  return EXIT.ok;
}

export function manualPage(groups: CommandGroups): string {
  const parts = Object.entries(groups).flatMap(([group, commands]) => [
    `.SH ${roff(group.toUpperCase())}`,
    ...commands.flatMap(commandPart),
  ]);
  const forms = FORMS.flatMap(({ title, lines }) => [
    '.TP',
    `.B ${roff(title)}`,
    '.nf',
    ...lines.map(roff),
    '.fi',
  ]);
  return `${[
    `.TH TSCMATRIX 1 "" "tscmatrix ${version()}" "User Commands"`,
    '.SH NAME',
    `tscmatrix \\- ${roff(ABOUT)}`,
    '.SH SYNOPSIS',
    '.B tscmatrix',
    '.I command',
    '[\\fIoption\\fR ...] [\\fIword\\fR ...]',
    ...parts,
    '.SH HOW VALUES ARE WRITTEN',
    ...forms,
    '.SH EXIT STATUS',
    roff(EXIT_CODES.trim()),
  ].join('\n')}\n`;
}

function commandPart(command: AnyCommand): string[] {
  const options = Object.entries(command.options).flatMap(([key, option]) => [
    '.TP',
    `.B ${roff([optionName(key, option), option.takes ?? ''].join(' ').trim())}`,
    roff(`${option.about}${extra(option)}`),
  ]);
  const examples = (command.examples ?? []).map((line) => roff(`tscmatrix ${line}`));
  return [
    `.SS ${roff(`tscmatrix ${command.usage}`)}`,
    roff(command.about),
    ...options,
    ...(examples.length === 0 ? [] : ['.PP', 'Examples:', '.PP', '.nf', ...examples, '.fi']),
  ];
}

function extra({ choices, value, shown }: Spec<unknown>): string {
  const parts = [
    ...(choices === undefined ? [] : [`one of ${choices.join(', ')}`]),
    ...(value === undefined ? [] : [`default: ${shown ?? value}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}
