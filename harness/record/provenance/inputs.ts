/** Pure. What two runs rest on, held against each other: digests and versions, never paths or times. */
import type { Provenance } from './provenance-types.ts';

/** Names of facts that make an input what it is; whatever else stands beside them does not count. */
const TELLING = new Set([
  'sha256',
  'version',
  'commit',
  'release',
  'cpu',
  'hypervisor',
  'kernel',
  'behaviour',
]);
/** The host's state rather than its nature, and what the log says elsewhere. */
const LEFT_OUT = new Set(['load', 'memoryFreeMiB', 'tscKhz', 'matrix', 'version']);

type Facts = Map<string, string>;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** "value" of a fact, or the plain value; null if it is not known. */
function plain(value: unknown): unknown {
  return isObject(value) && 'value' in value ? value.value : value;
}

function collect(value: unknown, path: string, facts: Facts): void {
  if (Array.isArray(value)) {
    for (const entry of value)
      if (isObject(entry)) collect(entry, `${path} ${String(entry.name ?? '')}`.trim(), facts);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (path === '' && LEFT_OUT.has(key)) continue;
    const where = `${path} ${key}`.trim();
    const known = plain(inner);
    if (TELLING.has(key) && (typeof known === 'string' || typeof known === 'number'))
      facts.set(where, String(known));
    else if (!LEFT_OUT.has(key)) collect(known, where, facts);
  }
}

function factsOf(provenance: Provenance): Facts {
  const facts: Facts = new Map();
  collect(provenance, '', facts);
  return facts;
}

/**
 * One sentence for each input that both know and that is another one now, for example "qemu version: 7.2.22 then,
 * 10.0.2 now".
 */
export function inputDifferences(then: Provenance, now: Provenance): string[] {
  const before = factsOf(then);
  const differences: string[] = [];
  for (const [name, value] of factsOf(now)) {
    const was = before.get(name);
    if (was !== undefined && was !== value) differences.push(`${name}: ${was} then, ${value} now`);
  }
  return differences;
}
