/** The nonce of a boot: part of its command line, so that another one is another deterministic guest. Pure. */
import { createHash } from 'node:crypto';
import type { Launch } from '../types.ts';

/** The nonce of the attempt after this one; always the same after the same. */
export function nextNonce(nonce: string): string {
  return createHash('sha256').update(`after ${nonce}`).digest('hex').slice(0, 8);
}

/** The same launch with another nonce wherever it stands. */
export function withNonce(launch: Launch, nonce: string): Launch {
  const put = (text: string): string => text.replaceAll(`nonce=${launch.nonce}`, `nonce=${nonce}`);
  const { nested } = launch;
  return {
    ...launch,
    argv: launch.argv.map(put),
    commandLine: put(launch.commandLine),
    nonce,
    ...(nested === undefined ? {} : { nested: { ...nested, command: nested.command.map(put) } }),
  };
}
