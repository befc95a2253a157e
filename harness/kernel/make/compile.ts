/** Configures and compiles the variant that a work folder is in. */
import { findEntry, storeEntry } from '../../host/cache.ts';
import { sha256OfParts } from '../../host/digest.ts';
import { readInside } from '../../host/inside.ts';
import type { Overlay } from '../patch/apply.ts';
import { fact } from '../store.ts';
import type { AcquireOptions } from '../types.ts';
import { configure } from './configure.ts';
import { BuildError } from './errors.ts';
import type { Job } from './job.ts';
import { type Make, makeTarget } from './make.ts';
import { leaveVariant, type Work, type WorkState, writeState } from './work.ts';

const STEPS_KIND = 'build-steps';

export interface Compiled {
  readonly count: number;
  readonly configText: string;
  readonly unknown: readonly string[];
  readonly unmet: readonly string[];
}

/** Configures if that is due, and compiles. Whatever ends a make by itself leaves the folder good for the next one. */
export async function compile(
  job: Job,
  work: Work,
  make: Make,
  begun: WorkState,
  overlay: Overlay,
  isFresh: boolean,
  options: AcquireOptions,
): Promise<Compiled> {
  const kconfig = kconfigDigest(overlay);
  // Only of what came signed: kin.ts.
  let state: WorkState = job.recipe.tree.kind === 'debian' ? { ...begun, kin: job.kinKey } : begun;
  try {
    if (state.configured !== kconfig) {
      options.onProgress?.('configuring');
      state = { ...state, configured: null };
      const { unknown, unmet } = await configure(make, job.inputs.config);
      state = { ...state, configured: kconfig, unknownOptions: unknown, unmetOptions: unmet };
      await writeState(work, state);
    }
    const expected = isFresh ? await expectedSteps(job, options) : undefined;
    const count = await makeImage(
      { ...make, onStep: (done, file) => options.onProgress?.(progressText(done, expected, file)) },
      options,
    );
    if (isFresh) await rememberSteps(job, count, options);
    await leaveVariant(work, state, overlay);
    return {
      count,
      configText: String(await readInside(make.out, '.config')),
      unknown: state.unknownOptions,
      unmet: state.unmetOptions ?? [],
    };
  } catch (error) {
    if (error instanceof BuildError) {
      await leaveVariant(work, state, overlay);
    }
    throw error;
  }
}

/** One error more often than not is one of several: a build that has failed is made once more, to show them all at once. */
async function makeImage(make: Make, options: AcquireOptions): Promise<number> {
  try {
    return await makeTarget(make, 'bzImage');
  } catch (error) {
    if (!(error instanceof BuildError) || options.firstErrorOnly === true) throw error;
    options.onProgress?.('it has failed; looking for further errors');
    await makeTarget({ ...make, keepGoing: true }, 'bzImage');
    throw error;
  }
}

function progressText(done: number, expected: number | undefined, file: string): string {
  return `building, ${done}${ofAbout(done, expected)}: ${file}`;
}

/** A total is known only from an earlier build from nothing; a variant may go past it. */
export function ofAbout(done: number, expected: number | undefined): string {
  return expected !== undefined && expected >= done ? ` of about ${expected}` : '';
}

/** The configuration depends on the Kconfig files, which a variant may change. */
function kconfigDigest(overlay: Overlay): string {
  const parts = [...overlay].filter(([path]) => /(?:^|\/)(?:Kconfig[^/]*|Makefile)$|^scripts\//.test(path));
  return sha256OfParts(
    Object.fromEntries(parts.map(([path, file]) => [path, file.content?.toString('latin1') ?? ''])),
  );
}

const stepsKey = (job: Job): string =>
  sha256OfParts({
    ...Object.fromEntries(job.inputs.config.lenient),
    ...Object.fromEntries(job.inputs.config.strict),
  });

async function expectedSteps(job: Job, options: AcquireOptions): Promise<number | undefined> {
  const entry = await findEntry(options.cache, STEPS_KIND, stepsKey(job));
  const count = entry && Number(fact(entry, 'steps'));
  return count === undefined || Number.isNaN(count) ? undefined : count;
}

async function rememberSteps(job: Job, steps: number, options: AcquireOptions): Promise<void> {
  await storeEntry(options.cache, { kind: STEPS_KIND, key: stepsKey(job), facts: { steps: String(steps) } });
}
