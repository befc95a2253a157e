/** Values of options, checked: each throws a UserError that names the option. */
import { resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { DURATION, DURATION_MAX_NS, durationNs } from '../matrix/duration.ts';
import { OLD_SETTINGS } from '../matrix/names.ts';
import type { Parser } from './command.ts';

export function wholeNumber(least: number): Parser<number> {
  return (text, option) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least) return value;
    throw new UserError(`${option} takes a whole number of at least ${least}, not "${text}"`);
  };
}

/** A place in a list, from 1; from its end with a sign. */
export function bootNumber(text: string, option: string): number {
  if (/^-?[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UserError(`${option} takes a number from 1 on, or -1 for the last, not "${text}"`);
}

/** A duration: 90, 90s, 2m or 1h; in seconds. */
export function seconds(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h)?$/.exec(text);
  const value = Number(match?.[1]) * ({ s: 1, m: 60, h: 3600 }[match?.[2] ?? 's'] ?? 1);
  if (match !== null && value > 0) return value;
  throw new UserError(`${option} takes a duration such as 90s or 2m, not "${text}"`);
}

export const DAY_S = 24 * 3600;
/** As seconds(), and days. */
export function age(text: string, option: string): number {
  const days = /^(\d+)d$/.exec(text)?.[1];
  return days === undefined ? seconds(text, option) : Number(days) * DAY_S;
}

/** A delay as a matrix writes one, with its unit: 100ns, 1.5us, 5ms; in whole ns, above 0. */
export function nanoseconds(text: string, option: string): number {
  const ns = new RegExp(`^${DURATION}$`).test(text) ? durationNs(text) : undefined;
  if (ns !== undefined && ns > 0 && ns <= DURATION_MAX_NS) return ns;
  throw new UserError(
    `${option} takes a time with its unit such as 100ns, 1.5us or 5ms, up to 1s, not "${text}"`,
  );
}

export function onOff(text: string, option: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new UserError(`${option} takes on or off, not "${text}"`);
}

/** A probability to stop at: above one half, below one. */
export function probability(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0.5 && value < 1) return value;
  throw new UserError(`${option} takes a probability between 0.5 and 1, such as 0.995, not "${text}"`);
}

/** A part in a million, 0 or more, decimals allowed. */
export function ppm(text: string, option: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  throw new UserError(`${option} takes a number of ppm such as 10 or 0.5, not "${text}"`);
}

/** A setting that is named as it was called before: in NAME=VALUE,..., and as the axis of a filter. */
export function oldSetting(text: string): string | undefined {
  const keys = [...text.matchAll(/(?:^|,)\s*([\w-]+)\s*!?=/g)].map(([, key = '']) => key);
  const old = keys.find((key) => Object.hasOwn(OLD_SETTINGS, key));
  return old && `${old} is called ${OLD_SETTINGS[old as keyof typeof OLD_SETTINGS]} now; both mean the same`;
}

/** The default of --qemu. */
export const SYSTEM_QEMU = 'qemu-system-x86_64';

/** --qemu for guests, and for a run that is resumed: both have other working folders. */
export function qemuProgram(text: string): string {
  return text.includes('/') ? resolve(text) : text;
}

/** What both commands that run a matrix take. */
export interface RunWords {
  readonly filter: readonly string[];
  readonly jobs?: number;
  readonly repeat: number;
  readonly timeout: number;
  readonly results: string;
  readonly qemu: string;
}

export const runOptions = (flags: RunWords) => ({
  resultsDir: flags.results,
  qemu: qemuProgram(flags.qemu),
  jobs: flags.jobs ?? null,
  repeat: flags.repeat,
  timeoutS: flags.timeout,
  filters: flags.filter,
});

/** The default of validate's --matrix: the project's, wherever one stands. */
export const OWN_MATRIX = 'matrices/validate.yaml';

/** The default of audit's --museum, likewise. */
export const OWN_MUSEUM = 'matrices/museum';
