/** `tscmatrix probe`: one kernel, one question, and the exit codes of `git bisect run`. */
import { join, resolve } from 'node:path';
import { EXIT, HostError, UserError } from '../base/errors.ts';
import { json, oneLine } from '../base/safe-text.ts';
import { sideOfCounts } from '../bisect/decide.ts';
import { type BuildOptions, recipeOf } from '../bisect/prepare.ts';
import { NOT_TESTED } from '../bisect/state.ts';
import { openTester } from '../bisect/tester.ts';
import { openCache } from '../host/cache.ts';
import { progressLine } from '../host/progress-line.ts';
import { makeScratch } from '../host/scratch.ts';
import { acquireKernel, BuildError } from '../kernel/acquire.ts';
import { acquireCommit, planCommit } from '../kernel/make/commit.ts';
import type { AcquireOptions } from '../kernel/types.ts';
import { readCellSpec } from '../lab/cell-spec.ts';
import { needQemu } from '../lab/need-qemu.ts';
import { kernelEntry } from '../matrix/kernel-argument.ts';
import { forgetGit } from './git-environment.ts';
import { SKIP } from './git-exit-code.ts';

export interface ProbeFlags extends BuildOptions {
  readonly cell: string;
  readonly expect: readonly string[];
  readonly repo?: string;
  readonly commit?: string;
  readonly failure: string;
  readonly jobs?: number;
  readonly timeout: number;
  readonly qemu: string;
  readonly json?: boolean;
}

interface Probed {
  readonly code: number;
  readonly reason: string;
  readonly boots: number;
}

/** 0 as expected, 1 not as expected, 125 not to be tested. */
export async function probeCommand(
  kernel: string | undefined,
  flags: ProbeFlags,
  signal: AbortSignal,
): Promise<number> {
  forgetGit();
  if (kernel !== undefined && (flags.repo !== undefined || flags.commit !== undefined)) {
    throw new UserError(
      'a KERNEL does not go with --repo and --commit',
      'probe boots the one or builds the other',
    );
  }
  await needQemu(flags.qemu);
  const line = progressLine(process.stderr);
  const spec = await readCellSpec(flags.cell, flags.expect);
  const cache = await openCache();
  const options: AcquireOptions = {
    cache,
    signal,
    onProgress: line.show,
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
  };
  let path: string;
  try {
    path =
      kernel === undefined
        ? await commitKernel(flags, recipeOf(flags, spec.recipe), options)
        : (await acquireKernel(await kernelEntry(kernel), options)).path;
  } catch (error) {
    line.clear();
    if (!(error instanceof BuildError)) throw error;
    const isMet = spec.cell.expectation.registration.includes('build-failed');
    return tell({ code: isMet ? EXIT.ok : SKIP, reason: error.message, boots: 0 }, flags);
  }
  const { cell } = spec;
  const { qemu, timeout: timeoutS } = flags;
  const probed = await bootUntilClear(path, { cell, qemu, timeoutS, signal, tell: line.show }, flags.failure);
  line.clear();
  return tell(probed, flags);
}

function tell({ code, reason, boots }: Probed, flags: ProbeFlags): number {
  const word = { 0: 'as expected', 1: 'not as expected', [SKIP]: 'cannot be tested' }[code] ?? '';
  const data = { exitCode: code, verdict: word, reason, boots, cell: flags.cell };
  process.stdout.write(flags.json === true ? `${json(data)}\n` : `${word}: ${oneLine(reason)}\n`);
  return code;
}

async function commitKernel(
  flags: ProbeFlags,
  recipe: Parameters<typeof planCommit>[2],
  options: AcquireOptions,
): Promise<string> {
  const repository = flags.repo ?? '.';
  const plan = await planCommit(resolve(repository), flags.commit ?? 'HEAD', recipe, options);
  return (await acquireCommit(plan, options)).path;
}

type BenchOptions = Parameters<typeof openTester>[0];

/** One boot in deterministic time; in real time as many as the odds need. A fault of the host is thrown. */
async function bootUntilClear(path: string, options: BenchOptions, failure: string): Promise<Probed> {
  const bench = openTester(options);
  const scratch = await makeScratch();
  const exact = options.cell.guest.clock === 'deterministic';
  let [met, unmet, untested] = [0, 0, 0];
  let reason = '';
  try {
    for (let boot = 1; ; boot++) {
      const judged = await bench.boot(path, join(scratch.path, String(boot)));
      if (judged.kind === 'fault')
        throw new HostError('infra', `the host failed the guest: ${judged.reason}`);
      reason = judged.reason;
      const failed = !judged.met && NOT_TESTED.includes(judged.observation.verdict);
      if (failed && failure === 'skip') untested++;
      else if (judged.met) met++;
      else unmet++;
      // Old and new are only names here.
      const side = sideOfCounts({ olds: met, news: unmet }, exact);
      const tally = boot === 1 ? '' : ` (${met} of ${boot} boots as expected)`;
      if (side === 'old') return { code: EXIT.ok, reason: `${reason}${tally}`, boots: boot };
      if (side === 'new') return { code: EXIT.unexpected, reason: `${reason}${tally}`, boots: boot };
      const isHopeless = met + unmet === 0 && untested >= (exact ? 1 : 3);
      if (side === 'unclear' || isHopeless) return { code: SKIP, reason: `${reason}${tally}`, boots: boot };
    }
  } finally {
    await scratch.remove();
  }
}
