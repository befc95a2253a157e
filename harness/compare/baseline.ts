/** Finds the run to hold a new one against: `last-good`. Reads the ends of the logs alone, so that a year of runs is quick. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault } from '../base/errors.ts';
import { listRuns } from '../record/find-run.ts';
import { LOG_FILE } from '../record/writer.ts';
import type { ComparedRun } from './places.ts';

export const LAST_GOOD = 'last-good';
/** A run-started event with a shard's ids may be long; a longer first line is looked at as no run. */
const FIRST_BYTES = 1024 * 1024;
const LAST_BYTES = 64 * 1024;

interface Ends {
  readonly first: Readonly<Record<string, unknown>>;
  readonly last: Readonly<Record<string, unknown>>;
}

/**
 * The folder of the newest earlier run of the same matrix (by name) that ended with exit code 0, and either ran all
 * cells or was narrowed by the same filters. Throws HostFault 'no-baseline' if there is none.
 */
export async function findLastGood(resultsDir: string, run: ComparedRun): Promise<string> {
  const started = run.view.started;
  const name = started?.matrix.name ?? '';
  for (const one of await listRuns(resultsDir)) {
    const dir = join(resultsDir, one);
    const ends = one === run.run ? null : await readEnds(join(dir, LOG_FILE));
    if (ends !== null && isGood(ends, name, started?.at ?? '', started?.options.filters ?? [])) return dir;
  }
  throw new HostFault(
    'no-baseline',
    `there is no earlier run of the matrix ${name} in ${resultsDir} that ended with exit code 0`,
    'name a run to compare with: tscmatrix compare RUN_A RUN_B',
  );
}

function isGood({ first, last }: Ends, name: string, before: string, filters: readonly string[]): boolean {
  const matrix = first.matrix as { readonly name?: unknown } | undefined;
  const options = first.options as { readonly filters?: unknown } | undefined;
  return (
    first.type === 'run-started' &&
    matrix?.name === name &&
    typeof first.at === 'string' &&
    first.at < before &&
    first.shard === undefined &&
    isSubset(options?.filters, filters) &&
    last.type === 'run-finished' &&
    last.exitCode === 0 &&
    last.interrupted === false
  );
}

/** Fewer filters leave more cells: those of this run are among them. */
function isSubset(theirs: unknown, ours: readonly string[]): boolean {
  return Array.isArray(theirs) && theirs.every((filter) => ours.includes(filter as string));
}

/** The first and last event of a log; null if it is damaged or goes on. */
async function readEnds(path: string): Promise<Ends | null> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const head = (await file.read(Buffer.alloc(Math.min(size, FIRST_BYTES)), { position: 0 })).buffer;
    const from = Math.max(0, size - LAST_BYTES);
    const tail = (await file.read(Buffer.alloc(size - from), { position: from })).buffer;
    const [first = ''] = head.toString('utf8').split('\n', 1);
    const last = tail.toString('utf8').trimEnd().split('\n').at(-1) ?? '';
    return { first: JSON.parse(first) as Ends['first'], last: JSON.parse(last) as Ends['last'] };
  } catch {
    return null;
  }
}
