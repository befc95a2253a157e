/** A word on stderr to the person who runs a command. What it quotes may come from a guest, a file or a tool. */
import { block, oneLine } from '../base/safe-text.ts';
import { findInstaller, localHint } from '../host/packages.ts';

export function say(text: string): void {
  process.stderr.write(`tscmatrix: ${oneLine(text)}\n`);
}

/** What went wrong, in several lines where it has them, and what may help. */
export function sayFault({
  message,
  hint,
}: {
  readonly message: string;
  readonly hint?: string | undefined;
}): void {
  process.stderr.write(`tscmatrix: ${block(message)}\n`);
  if (hint !== undefined) process.stderr.write(`  hint: ${block(localHint(hint, findInstaller()))}\n`);
}
