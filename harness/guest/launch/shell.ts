/** A launch as a line for a POSIX shell, to copy and paste. */
import { shellWord } from '../../base/shell.ts';
import type { Launch } from '../types.ts';

/** One option with its value a line, so that a person can read and change it. */
export function shellCommand(launch: Pick<Launch, 'qemu' | 'argv' | 'environment' | 'nested'>): string {
  const variables = Object.entries(launch.environment ?? {}).map(
    ([name, value]) => `${name}=${shellWord(value)} `,
  );
  const lines: string[] = [`${variables.join('')}${shellWord(launch.qemu)}`];
  for (const word of launch.argv) {
    const previous = lines.at(-1) ?? '';
    const takesValue = lines.length > 1 && /^-[A-Za-z_-]+$/.test(previous) && !word.startsWith('-');
    if (takesValue) lines[lines.length - 1] = `${previous} ${shellWord(word)}`;
    else lines.push(shellWord(word));
  }
  // The appliance's own console; the guest's is standard output.
  if (launch.nested !== undefined) lines.push('3>appliance.log');
  return lines.join(' \\\n  ');
}

/** The command line of the guest under test within the appliance, for people: the outer one carries it. */
export function innerCommand(launch: Launch): string | null {
  if (launch.nested === undefined) return null;
  const { command, environment } = launch.nested;
  return shellCommand({ qemu: [...environment, command[0] ?? ''].join(' '), argv: command.slice(1) }).replace(
    /^'(.*)'/,
    '$1',
  );
}
