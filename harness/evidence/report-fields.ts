/** The fields of single probe frames (docs/probe-protocol.md). Each reader gives null for a text it cannot read. */

export interface Poll {
  /** CLOCK_BOOTTIME, ns. */
  readonly tNs: number;
  /** A plain RDTSC; a string because it may pass 2^53. */
  readonly tsc: string;
  readonly current: string;
  readonly available: readonly string[];
}

export interface CpuidLeaf {
  readonly leaf: number;
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

export type PmTimerReport =
  | { readonly kind: 'present'; readonly port: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'error'; readonly text: string };

export type HpetReport =
  | { readonly kind: 'present'; readonly base: number; readonly periodFs: number | null }
  | { readonly kind: 'absent' }
  | { readonly kind: 'error'; readonly text: string };

/** Cost of one read of a reference counter, TSC cycles. */
export type RefCost =
  | {
      readonly kind: 'measured';
      readonly source: string;
      readonly reads: number;
      readonly min: number;
      readonly median: number;
      readonly p90: number;
      readonly max: number;
    }
  | { readonly kind: 'error'; readonly source: string; readonly text: string };

/** What the probe could not read in this guest, and the error. */
export interface Unread {
  readonly file: string;
  readonly error: string;
}

export function unread(text: string): Unread | null {
  const match = /^file=(\S+) error=(.*)$/.exec(text);
  return match === null ? null : { file: match[1] ?? '', error: match[2] ?? '' };
}

/** `a=1 b=2` as a table. */
export function pairs(text: string): Record<string, string> {
  const table: Record<string, string> = Object.create(null);
  for (const part of text.split(' ')) {
    const at = part.indexOf('=');
    if (at > 0) table[part.slice(0, at)] = part.slice(at + 1);
  }
  return table;
}

/** A decimal or 0x number of the table; null if it is missing or not one. */
export function numbers(fields: Record<string, string>, name: string): number | null {
  const text = fields[name];
  return text !== undefined && /^(?:\d{1,20}|0x[0-9a-f]{1,16})$/i.test(text) ? Number(text) : null;
}

export function splitList(text: string): string[] {
  return text.split(',').filter((item) => item !== '');
}

export function poll(text: string): Poll | null {
  const fields = pairs(text);
  const tNs = numbers(fields, 't_ns');
  const current = fields.current;
  if (tNs === null || current === undefined) return null;
  return { tNs, tsc: fields.tsc ?? '', current, available: splitList(fields.available ?? '') };
}

export function cpuidLeaf(text: string): CpuidLeaf | null {
  const fields = pairs(text);
  const [leaf, eax, ebx, ecx, edx] = ['leaf', 'eax', 'ebx', 'ecx', 'edx'].map((name) =>
    numbers(fields, name),
  );
  if (leaf == null || eax == null || ebx == null || ecx == null || edx == null) return null;
  return { leaf, eax, ebx, ecx, edx };
}

export function pmTimer(text: string): PmTimerReport | null {
  if (text === 'absent') return { kind: 'absent' };
  if (text.startsWith('error=')) return { kind: 'error', text: text.slice('error='.length) };
  const port = numbers(pairs(text), 'port');
  return port === null ? null : { kind: 'present', port };
}

export function hpetTimer(text: string): HpetReport | null {
  if (text === 'absent') return { kind: 'absent' };
  if (text.startsWith('error=')) return { kind: 'error', text: text.slice('error='.length) };
  const fields = pairs(text);
  const base = numbers(fields, 'base');
  return base === null ? null : { kind: 'present', base, periodFs: numbers(fields, 'period_fs') };
}

export function refCost(text: string): RefCost | null {
  const fields = pairs(text);
  const source = fields.source;
  if (source === undefined) return null;
  const error = text.indexOf(' error=');
  if (error >= 0) return { kind: 'error', source, text: text.slice(error + ' error='.length) };
  const [reads, min, median, p90, max] = ['reads', 'min', 'median', 'p90', 'max'].map((n) =>
    numbers(fields, n),
  );
  if (reads == null || min == null || median == null || p90 == null || max == null) return null;
  return { kind: 'measured', source, reads, min, median, p90, max };
}
