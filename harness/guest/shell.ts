/** A launch as a line for a POSIX shell, to copy and paste. */
import type { Launch } from './types.ts';

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

export function quote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** One option with its value a line, so that a person can read and change it. */
export function shellCommand(launch: Pick<Launch, 'qemu' | 'argv'>): string {
  const lines: string[] = [quote(launch.qemu)];
  for (const word of launch.argv) {
    const previous = lines.at(-1) ?? '';
    const takesValue = lines.length > 1 && /^-[a-z-]+$/.test(previous) && !word.startsWith('-');
    if (takesValue) lines[lines.length - 1] = `${previous} ${quote(word)}`;
    else lines.push(quote(word));
  }
  return lines.join(' \\\n  ');
}
