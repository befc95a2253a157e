/** `tscmatrix completion`: what a shell needs to complete commands, options and their choices, from the commands' own data. */
import { EXIT, UserError } from '../base/errors.ts';
import { suggestion } from '../base/suggest.ts';
import { type AnyCommand, type CommandGroups, optionName, type Option as Spec } from './command.ts';

const nameOf = ({ usage }: AnyCommand): string => usage.split(' ')[0] ?? '';
const optionsOf = ({ options }: AnyCommand): readonly (readonly [string, Spec<unknown>])[] =>
  Object.entries(options).map(([key, option]) => [optionName(key, option), option] as const);
/** Without what ends a word or a quote in any of the shells. */
const plain = (text: string): string => text.replaceAll(/[^\w ,.;:()<>=+/-]/g, '');

const SCRIPTS = { bash, zsh, fish } as const;
export type Shell = keyof typeof SCRIPTS;
export const SHELLS = Object.keys(SCRIPTS) as readonly Shell[];

export const completionScript = (shell: Shell, commands: readonly AnyCommand[]): string =>
  SCRIPTS[shell](commands);

export async function completionCommand(shell: string, groups: CommandGroups): Promise<number> {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined)
    throw new UserError(`no completion for the shell ${shell}`, suggestion(shell, SHELLS));
  process.stdout.write(completionScript(known, Object.values(groups).flat()));
  return EXIT.ok;
}

/** After a word that is no option, and after options with other values, files are completed. */
function bash(commands: readonly AnyCommand[]): string {
  const names = commands.map(nameOf).join(' ');
  const cases = commands.map(
    (command) =>
      `    ${nameOf(command)}) words="${[...optionsOf(command).map(([name]) => name), '--help'].join(' ')}" ;;`,
  );
  const choices = choicesOf(commands).map(
    ({ command, name, values }) => `    ${command},${name}) words="${values.join(' ')}"; cur_is_value=1 ;;`,
  );
  return `# bash completion of tscmatrix
_tscmatrix() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words= cur_is_value=
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W "${names} --help --version" -- "$cur")); return
  fi
  case "\${COMP_WORDS[1]},$prev" in
${choices.join('\n')}
  esac
  if [ -z "$cur_is_value" ]; then
    case "$cur" in -*) ;; *) COMPREPLY=(); return ;; esac
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _tscmatrix tscmatrix
`;
}

function zsh(commands: readonly AnyCommand[]): string {
  const described = commands.map(
    (command) => `    '${nameOf(command)}:${plain(command.about).replaceAll(':', '')}'`,
  );
  const cases = commands.map((command) => {
    const specs = optionsOf(command).map(([name, { about, takes, choices, many }]) => {
      const value =
        takes === undefined ? '' : `:value:${choices === undefined ? '_files' : `(${choices.join(' ')})`}`;
      return `'${many ? '*' : ''}${name}[${plain(about)}]${value}'`;
    });
    return `    ${nameOf(command)}) _arguments ${[...specs, "'--help[show help]'", "'*:file:_files'"].join(' ')} ;;`;
  });
  return `#compdef tscmatrix
_tscmatrix() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command=$words[2]
  words=("\${(@)words[2,-1]}"); (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _tscmatrix ]; then _tscmatrix "$@"; else compdef _tscmatrix tscmatrix; fi
`;
}

function fish(commands: readonly AnyCommand[]): string {
  const lines = commands.flatMap((command) => {
    const name = nameOf(command);
    return [
      `complete -c tscmatrix -n __fish_use_subcommand -f -a ${name} -d '${plain(command.about)}'`,
      ...optionsOf(command).map(([option, { about, takes, choices }]) => {
        const value =
          takes === undefined ? '' : choices === undefined ? ' -r' : ` -x -a '${choices.join(' ')}'`;
        return `complete -c tscmatrix -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}${value} -d '${plain(about)}'`;
      }),
    ];
  });
  return `# fish completion of tscmatrix\n${lines.join('\n')}\n`;
}

function choicesOf(commands: readonly AnyCommand[]): {
  readonly command: string;
  readonly name: string;
  readonly values: readonly unknown[];
}[] {
  return commands.flatMap((command) =>
    optionsOf(command).flatMap(([name, { choices }]) =>
      choices === undefined ? [] : [{ command: nameOf(command), name, values: choices }],
    ),
  );
}
