/** The kernel command line of a guest: what the harness needs, then what the settings ask. */
import { createHash } from 'node:crypto';
import type { Launch } from '../types.ts';

export interface ProbeOptions {
  readonly nonce: string;
  /** Guest time after the probe's start at which an unlisted tsc counts as never registered. */
  readonly deadlineMs: number;
  /** Guest time for which tsc must stay listed; the watchdog looks every 500 ms (WATCHDOG_INTERVAL). */
  readonly settleMs: number;
  /** Report little: the log is checked by sums and read from the live console (docs/probe-protocol.md). */
  readonly brief?: boolean;
}

export const PROBE_DEFAULTS = { deadlineMs: 8000, settleMs: 2000 } as const;

/**
 * ignore_loglevel: a line that is missing must be missing because the kernel did not say it.
 * panic=-1: a panic ends the guest at once.
 */
export function kernelCommandLine(asked: readonly string[], probe: ProbeOptions): string {
  return [
    'console=ttyS0',
    'ignore_loglevel',
    'panic=-1',
    ...asked,
    `tscprobe.nonce=${probe.nonce}`,
    probe.deadlineMs === PROBE_DEFAULTS.deadlineMs ? '' : `tscprobe.deadline_ms=${probe.deadlineMs}`,
    probe.settleMs === PROBE_DEFAULTS.settleMs ? '' : `tscprobe.settle_ms=${probe.settleMs}`,
    probe.brief === true ? 'tscprobe.log=digest tscprobe.config=none' : '',
  ]
    .filter((word) => word !== '')
    .join(' ');
}

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
