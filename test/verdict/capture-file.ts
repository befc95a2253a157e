/** Reads a parser case: see test/captures/README.md. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConsole } from '../../harness/evidence/console.ts';
import { type Facts, factsOf, gatherFacts } from '../../harness/evidence/facts.ts';
import { collectLines } from '../../harness/evidence/pasted/collect.ts';
import { readPasted } from '../../harness/evidence/pasted/read-pasted.ts';
import type { DiagnoseInput } from '../../harness/verdict/diagnose.ts';

export interface Capture {
  readonly path: string;
  readonly header: ReadonlyMap<string, string>;
  readonly expect: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** As diagnose reads what people paste. */
export function pastedFacts(body: Uint8Array): Facts {
  const collector = collectLines();
  collector.push(body);
  const { lines, omitted } = collector.end();
  return factsOf(readPasted(lines).lines, omitted);
}

/** What is under diagnose/ was pasted by people, with stamps of every kind; the rest came from a console. */
export function inputOf({ path, header, body }: Capture): DiagnoseInput {
  return {
    facts: path.startsWith('diagnose') ? pastedFacts(body) : gatherFacts(readConsole(body)),
    available: header.get('available')?.split(' '),
    current: header.get('current'),
  };
}

const ROOT = join(import.meta.dirname, '..', 'captures');
const KEYS = ['name', 'source', 'available', 'current', 'expect', 'cites', 'asks', 'not'];

export function captures(): Capture[] {
  return readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.txt'))
    .sort()
    .map((path) => readCapture(path, readFileSync(join(ROOT, path))));
}

function readCapture(path: string, bytes: Buffer): Capture {
  const split = bytes.indexOf('\n---\n');
  if (split < 0) throw new Error(`${path}: no --- line`);
  const header = new Map<string, string>();
  for (const line of bytes.subarray(0, split).toString('utf8').split('\n')) {
    const match = /^# (\w+): (.+)$/.exec(line);
    if (match?.[1] === undefined || !KEYS.includes(match[1])) throw new Error(`${path}: header line ${line}`);
    header.set(match[1], match[2] ?? '');
  }
  if (!header.has('source')) throw new Error(`${path}: it does not say where it comes from`);
  const expect = new Map(
    (header.get('expect') ?? '').split(', ').map((pair) => pair.split('=', 2) as [string, string]),
  );
  for (const key of ['registration', 'cause', 'confidence', 'current'])
    if (!expect.has(key)) throw new Error(`${path}: expects no ${key}`);
  return { path, header, expect, body: bytes.subarray(split + '\n---\n'.length) };
}
