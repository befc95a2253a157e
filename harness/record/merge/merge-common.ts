/** Pure. What the provenances of several hosts have in common; a fact on which they differ is null and says how. */

import type { Outcome } from '../../verdict/types.ts';
import type { Provenance } from '../provenance/provenance-types.ts';
import type { CellJudged, HostJudgement } from '../types.ts';

interface Labelled<T> {
  readonly label: string;
  readonly value: T;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFact(value: unknown): value is { value: unknown } {
  return isObject(value) && 'value' in value;
}

function differs(values: readonly Labelled<unknown>[]): string {
  const texts = values.map(
    ({ label, value }) => `${label}: ${isFact(value) ? String(value.value) : String(value)}`,
  );
  return `the hosts differ: ${[...new Set(texts)].join('; ')}`;
}

/** Entries of lists are the same if their names are. */
function commonList(values: readonly Labelled<readonly unknown[]>[]): unknown[] {
  const names = new Map<string, Labelled<unknown>[]>();
  for (const { label, value } of values) {
    for (const entry of value) {
      const key = isObject(entry) ? String(entry.name) : JSON.stringify(entry);
      names.set(key, [...(names.get(key) ?? []), { label, value: entry }]);
    }
  }
  return [...names.values()].map(common);
}

function common(values: readonly Labelled<unknown>[]): unknown {
  const first = values[0]?.value;
  if (new Set(values.map(({ value }) => JSON.stringify(value))).size === 1) return first;
  if (values.every(({ value }) => isFact(value))) return { value: null, reason: differs(values) };
  if (values.every(({ value }) => isObject(value))) {
    const keys = new Set(values.flatMap(({ value }) => Object.keys(value as object)));
    const entries = [...keys].map((key) => {
      const having = values.filter(({ value }) => key in (value as object));
      return [
        key,
        common(having.map(({ label, value }) => ({ label, value: (value as Record<string, unknown>)[key] }))),
      ];
    });
    return Object.fromEntries(entries);
  }
  if (values.every(({ value }) => Array.isArray(value)))
    return commonList(values as readonly Labelled<readonly unknown[]>[]);
  // Sizes: what all of them have at least. Times and names: all that there are.
  if (values.every(({ value }) => typeof value === 'number'))
    return Math.min(...values.map(({ value }) => value as number));
  return [...new Set(values.map(({ value }) => String(value)))].join('; ');
}

/** At least one. */
export function commonProvenance(parts: readonly Labelled<Provenance>[]): Provenance {
  const at = parts.map(({ value }) => value.at).sort()[0] ?? '';
  const timeless = parts.map(({ label, value }) => ({
    label,
    value: { ...value, at, host: { ...value.host, load: [] } },
  }));
  return common(timeless) as Provenance;
}

/** A finding about a kernel counts for more than a fault of a host; a host that could not run the cell for least. */
const WORST_FIRST: readonly Outcome[] = ['unexpected', 'flaky', 'infra-error', 'expected', 'skipped'];

/** Whether the host had a guest, or a build, to judge. */
function ran({ outcome, verdicts }: HostJudgement): boolean {
  return outcome !== 'skipped' && verdicts.some((verdict) => verdict !== 'infra-error');
}

function verdictText({ verdicts }: HostJudgement): string {
  return [...new Set(verdicts)].sort().join(', ');
}

/** Whether hosts that ran the cell came to different verdicts. */
export function hostsDisagree(hosts: readonly HostJudgement[]): boolean {
  return new Set(hosts.filter(ran).map((host) => `${host.outcome} ${verdictText(host)}`)).size > 1;
}

/** "amd: refined; intel: never" */
export function hostsText(hosts: readonly HostJudgement[]): string {
  return hosts.map((host) => `${host.label}: ${ran(host) ? verdictText(host) : host.outcome}`).join('; ');
}

type Merged = Pick<CellJudged, 'outcome' | 'reason' | 'verdicts' | 'known' | 'hosts'>;

/** At least one host. With one alone it is that host's judgement. */
export function mergeHosts(hosts: readonly HostJudgement[]): Merged {
  const worst = WORST_FIRST.flatMap((outcome) => hosts.filter((host) => host.outcome === outcome))[0];
  if (worst === undefined) throw new Error('no host judged the cell');
  const { outcome, reason } = worst;
  const known = worst.known === undefined ? {} : { known: worst.known };
  const verdicts = hosts.flatMap((host) => host.verdicts);
  if (hosts.length === 1) return { outcome, reason, verdicts, ...known };
  const where = `on ${worst.label}: ${reason}`;
  const text = hostsDisagree(hosts) ? `hosts disagree (${hostsText(hosts)}); ${where}` : where;
  return { outcome, reason: text, verdicts, ...known, hosts };
}
