/** What the probe measured of the clock that programs get (docs/probe-protocol.md), in TSC cycles. Null for what cannot be read. */
import { numbers, pairs } from './report-fields.ts';

/** The guest's clock against its TSC, over an interval under one clocksource. `width`: how far `tsc` may be off, cycles. */
export interface ClockRate {
  readonly source: string;
  readonly ns: number;
  readonly tsc: number;
  readonly width: number;
}

/** The clock over a change of the clocksource, and `since`, the time before it under `from`. */
export interface ClockChange {
  readonly from: string;
  readonly to: string;
  readonly by: 'kernel' | 'hand';
  readonly ns: number;
  readonly tsc: number;
  readonly width: number;
  readonly sinceNs: number;
  readonly sinceTsc: number;
}

/** A switch by hand that the kernel did not make. */
export interface RefusedChange {
  readonly from: string;
  readonly to: string;
  readonly error: string;
}

export const CLOCKS = ['mono', 'real', 'raw'] as const;
export type ClockName = (typeof CLOCKS)[number];
/** How a call was answered: null where the probe could not see it. */
export interface CallCost {
  readonly way: 'vdso' | 'syscall' | null;
  readonly batches: number;
  /** Cycles for a batch of calls. */
  readonly min: number;
  readonly median: number;
}
export interface ClockCost {
  readonly source: string;
  readonly batch: number;
  readonly clocks: Readonly<Partial<Record<ClockName, CallCost>>>;
}

/** Readings one after the other, of one CPU or of two in turn; ns. `step`: the least time between two that differ, 0 for none. */
export interface ClockOrder {
  readonly cpus: string;
  readonly pairs: number;
  readonly back: number;
  readonly worst: number;
  readonly step: number;
  /** clock_getres(). */
  readonly resolution: number;
}

type Fields = Record<string, string>;

/** All of them, or null where one is missing or no number. */
function allOf<K extends string>(
  fields: Fields,
  keys: Readonly<Record<K, string>>,
): Record<K, number> | null {
  const values: Record<string, number> = {};
  for (const [key, name] of Object.entries<string>(keys)) {
    const text = fields[name] ?? '';
    const value = /^-\d{1,20}$/.test(text) ? Number(text) : numbers(fields, name);
    if (value === null) return null;
    values[key] = value;
  }
  return values as Record<K, number>;
}

export function clockRate(text: string): ClockRate | null {
  const fields = pairs(text);
  const figures = allOf(fields, { ns: 'ns', tsc: 'tsc', width: 'width' });
  return figures === null || figures.tsc <= 0 ? null : { source: fields.source ?? '', ...figures };
}

export function clockChange(text: string): ClockChange | RefusedChange | null {
  const fields = pairs(text);
  const { from, to, by } = fields;
  if (from === undefined || to === undefined) return null;
  const error = text.indexOf(' error=');
  if (error >= 0) return { from, to, error: text.slice(error + ' error='.length) };
  const names = { ns: 'ns', tsc: 'tsc', width: 'width', sinceNs: 'since_ns', sinceTsc: 'since_tsc' };
  const figures = allOf(fields, names);
  return figures === null || (by !== 'kernel' && by !== 'hand') ? null : { from, to, by, ...figures };
}

export function clockCost(text: string): ClockCost | null {
  const fields = pairs(text);
  const batch = numbers(fields, 'batch');
  if (fields.source === undefined || batch === null || batch === 0) return null;
  const clocks = CLOCKS.flatMap((name) => {
    const match = /^(vdso|syscall|unknown),(\d{1,9}),(\d{1,15}),(\d{1,15})$/.exec(fields[name] ?? '');
    if (match === null) return [];
    const way = match[1] === 'unknown' ? null : (match[1] as 'vdso' | 'syscall');
    return [
      [name, { way, batches: Number(match[2]), min: Number(match[3]), median: Number(match[4]) }] as const,
    ];
  });
  return { source: fields.source, batch, clocks: Object.fromEntries(clocks) };
}

export function clockOrder(text: string): ClockOrder | null {
  const fields = pairs(text);
  const names = { pairs: 'pairs', back: 'back', worst: 'worst', step: 'step', resolution: 'res' };
  const figures = allOf(fields, names);
  return figures === null || fields.cpus === undefined ? null : { cpus: fields.cpus, ...figures };
}
