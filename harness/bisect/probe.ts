/** One kernel and one question: is it as expected? A step of a search that somebody else makes. */
import { join, resolve } from 'node:path';
import { HostFault, UserError } from '../base/errors.ts';
import { openCache } from '../host/cache.ts';
import { makeScratch } from '../host/scratch.ts';
import { acquireKernel, BuildError } from '../kernel/acquire.ts';
import { acquireCommit, planCommit } from '../kernel/make/commit.ts';
import type { AcquireOptions } from '../kernel/types.ts';
import { readCellSpec } from '../lab/cell-spec.ts';
import { needQemu } from '../lab/need-qemu.ts';
import { testWords } from '../lab/test-words.ts';
import { kernelEntry } from '../matrix/kernel-argument.ts';
import { sideOfCounts } from './decide.ts';
import { type BuildOptions, recipeOf } from './prepare.ts';
import { isNoAnswer } from './state.ts';
import { openTester } from './tester.ts';

export interface ProbeRequest extends BuildOptions {
  readonly cell?: string;
  readonly expect: readonly string[];
  readonly test: readonly string[];
  readonly testTimeout?: string;
  /** Without a kernel: the repository to build, and its commit. */
  readonly repo?: string;
  readonly commit?: string;
  /** What a guest that panics, hangs or says nothing is: skip or bad. */
  readonly failure: string;
  readonly jobs?: number;
  /** Seconds for one guest. */
  readonly timeout: number;
  readonly qemu: string;
}

interface Probed {
  readonly side: 'expected' | 'unexpected' | 'untested';
  readonly reason: string;
  readonly boots: number;
}

/** A kernel that does not build is expected, or cannot be tested. A fault of the host is thrown. */
export async function probe(
  kernel: string | undefined,
  request: ProbeRequest,
  onProgress: (text: string) => void,
): Promise<Probed> {
  await needQemu(request.qemu);
  const tests = testWords(request.test, request.testTimeout);
  if (request.cell === undefined && tests.length === 0)
    throw new UserError(
      'probe needs --cell, --test or both',
      'for example --cell hpet=off --expect registration=refined',
    );
  const spec = await readCellSpec(request.cell ?? '', request.expect, tests);
  const options: AcquireOptions = {
    cache: await openCache(),
    onProgress,
    ...(request.jobs === undefined ? {} : { jobs: request.jobs }),
  };
  let path: string;
  try {
    path =
      kernel === undefined
        ? await commitKernel(request, recipeOf(request, spec.recipe), options)
        : (await acquireKernel(await kernelEntry(kernel), options)).path;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const isMet = spec.cell.expectation.registration.includes('build-failed');
    return { side: isMet ? 'expected' : 'untested', reason: error.message, boots: 0 };
  }
  const { cell } = spec;
  const { qemu, timeout: timeoutS } = request;
  return bootUntilClear(path, { cell, qemu, timeoutS, onProgress }, request.failure);
}

async function commitKernel(
  request: ProbeRequest,
  recipe: Parameters<typeof planCommit>[2],
  options: AcquireOptions,
): Promise<string> {
  const repository = request.repo ?? '.';
  const plan = await planCommit(resolve(repository), request.commit ?? 'HEAD', recipe, options);
  return (await acquireCommit(plan, options)).path;
}

type TesterOptions = Parameters<typeof openTester>[0];

/** One boot in deterministic time; in real time as many as the odds need. A fault of the host is thrown. */
async function bootUntilClear(path: string, options: TesterOptions, failure: string): Promise<Probed> {
  const tester = openTester(options);
  const scratch = await makeScratch();
  const exact = options.cell.guest.clock === 'deterministic';
  let [met, unmet, untested] = [0, 0, 0];
  let reason = '';
  try {
    for (let boot = 1; ; boot++) {
      const judged = await tester.boot(path, join(scratch.path, String(boot)));
      if (judged.kind === 'host-fault')
        throw new HostFault('boots-failed', `the host failed the guest: ${judged.reason}`);
      reason = judged.reason;
      const failed = !judged.met && isNoAnswer(judged.observation.verdict, options.cell.expectation);
      if (failed && failure === 'skip') untested++;
      else if (judged.met) met++;
      else unmet++;
      // Old and new are only names here.
      const side = sideOfCounts({ olds: met, news: unmet }, exact);
      const tally = boot === 1 ? '' : ` (${met} of ${boot} boots as expected)`;
      if (side === 'old') return { side: 'expected', reason: `${reason}${tally}`, boots: boot };
      if (side === 'new') return { side: 'unexpected', reason: `${reason}${tally}`, boots: boot };
      const isHopeless = met + unmet === 0 && untested >= (exact ? 1 : 3);
      if (side === 'unclear' || isHopeless)
        return { side: 'untested', reason: `${reason}${tally}`, boots: boot };
    }
  } finally {
    await scratch.remove();
  }
}
