/** The initramfs of guests that run tests of the user's own: the probe's with another program, and the tests. */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import type { PackedTests } from '../matrix/packed-tests.ts';
import { traceBootconfig } from '../matrix/trace.ts';
import type { TestSpec } from '../matrix/types.ts';
import type { Entry } from './cpio.ts';
import { probeEntries, storeInitramfs } from './probe-image.ts';
import { readTest } from './test-files.ts';

/** What a test may write before it is ended: a console takes it a byte at a time. */
const OUTPUT_BYTES_MAX = 64 * 1024;

export interface TestImage {
  readonly initrdPath: string;
  readonly sha256: string;
  readonly tests: PackedTests;
}

/** Where busybox's links lie. */
const FOLDERS = ['sbin', 'usr', 'usr/bin', 'usr/sbin', 'tmp', 'tests'];

/** `root`: where relative paths start; `trace`: the setting of the guest. Throws UserError for a test that cannot be read or started. */
export async function buildTestImage(
  specs: readonly TestSpec[],
  root: string,
  trace = '',
): Promise<TestImage> {
  const read = await Promise.all(specs.map((spec, n) => readTest(spec, root, `/tests/${n}`)));
  const list = specs.map(({ name, timeoutMs }, n) => ({ name, timeoutMs, sha256: read[n]?.sha256 ?? '' }));
  const key = createHash('sha256').update(JSON.stringify(list)).digest('hex').slice(0, 8);
  const plan = [key];
  for (const [n, { name, timeoutMs }] of specs.entries()) {
    const { argv = [], libraryPath = '' } = read[n] ?? {};
    plan.push(
      name,
      String(timeoutMs),
      String(OUTPUT_BYTES_MAX),
      `/tests/${n}`,
      libraryPath,
      String(argv.length),
      ...argv,
    );
  }
  const files = new Map(read.flatMap(({ entries }) => entries).map((entry) => [entry.path, entry]));
  files.set('tests/plan', {
    path: 'tests/plan',
    kind: 'file',
    mode: 0o400,
    bytes: Buffer.from(`${plan.join('\0')}\0`),
  });
  const homes = specs.map((_, n) => `tests/${n}`);
  const folders = new Set([...FOLDERS, ...homes, ...[...files.keys()].flatMap(parentsOf)]);
  const probe = await probeEntries(true, trace);
  for (const { path } of probe) folders.delete(path);
  const image = await storeInitramfs(
    'probe-tests.cpio',
    [...probe, ...[...folders].map((path): Entry => ({ path, kind: 'folder' })), ...files.values()],
    traceBootconfig(trace),
  );
  return {
    initrdPath: image.path,
    sha256: image.sha256,
    tests: { key, outputBytes: OUTPUT_BYTES_MAX, list },
  };
}

function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === '.' ? [] : [parent, ...parentsOf(parent)];
}
