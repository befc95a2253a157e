/** A series, step by step: each of its commits has to build and boot, or nobody can bisect across it. */
import { basename } from 'node:path';
import { UserError } from '../base/errors.ts';
import { markdown as safe } from '../base/safe-text.ts';
import { git } from '../kernel/tree/git.ts';
import type { KernelEntry } from '../matrix/types.ts';
import type { Backport } from './kernels.ts';
import type { Statement } from './statement.ts';

/** Steps beyond these are a history, and `bisect` is for that. */
const MOST_STEPS = 50;

/** The base with the first patch, with the first two, and so on. Throws UserError for what is no series. */
export async function eachOf(whole: Backport, base: KernelEntry): Promise<Backport[]> {
  const steps = whole.patches === null ? await commitsOf(whole, base) : patchesOf(whole, whole.patches);
  if (steps.length < 2)
    throw new UserError(
      `--each is for a series, and ${whole.note} is one step`,
      'a folder of patches, its "series" file, or a commit with the base in its past',
    );
  if (steps.length > MOST_STEPS)
    throw new UserError(`${whole.note}: ${steps.length} steps, and --each takes at most ${MOST_STEPS}`);
  return steps;
}

function patchesOf({ entry: { source } }: Backport, patches: readonly string[]): Backport[] {
  if (source.kind !== 'build') throw new Error('patches are put on a build');
  const before = source.patches.slice(0, source.patches.length - patches.length);
  return patches.map((path, i) => {
    const own = patches.slice(0, i + 1);
    const entry = { name: nameOf(i), source: { ...source, patches: [...before, ...own] } };
    return { entry, patches: own, note: `${i + 1} of ${patches.length} patches, up to ${basename(path)}` };
  });
}

/** The commits between the base and the backport, if that has the base in its past. */
async function commitsOf({ entry: { source }, note }: Backport, base: KernelEntry): Promise<Backport[]> {
  const [from, to] = [base.source, source].map((one) =>
    one.kind === 'build' && one.tree.kind === 'git' && one.cherryPick.length === 0 ? one.tree : null,
  );
  if (from == null || to == null || source.kind !== 'build' || from.ref === to.ref)
    throw new UserError(
      `--each is for a series, and ${note} is none`,
      'name its patches, or its last commit',
    );
  const range = `${from.ref}..${to.ref}`;
  const place = { repository: to.location };
  const format = ['--reverse', '--first-parent', '--format=%H %s'];
  const list = await git(place, ['log', ...format, '--end-of-options', range]);
  const commits = list.split('\n').filter(Boolean);
  return commits.map((line, i) => {
    const [ref = ''] = line.split(' ', 1);
    const title = line.slice(ref.length + 1);
    return {
      entry: { name: nameOf(i), source: { ...source, tree: { ...to, ref } } },
      patches: null,
      note: `${i + 1} of ${commits.length} commits, up to ${ref.slice(0, 12)} ("${title}")`,
    };
  });
}

const nameOf = (index: number): string => `backport-${index + 1}`;

/** Only the last step has to do all that the reference does; those before it may do no harm. */
export function isStepGood({ conclusion: { kind } }: Statement, isLast: boolean): boolean {
  return isLast ? kind === 'equivalent' : kind !== 'regresses';
}

export function badSteps(statements: readonly Statement[]): Statement[] {
  return statements.filter((one) => !isStepGood(one, one === statements.at(-1)));
}

/** How the series goes, a row for each step. */
export function renderSteps(statements: readonly Statement[]): string {
  const bad = badSteps(statements);
  const rows = statements.map((statement) => {
    const { conclusion, backport } = statement;
    const mark = bad.includes(statement) ? '**' : '';
    return `| ${safe(backport.what)} | ${mark}${conclusion.kind}${mark} | ${safe(conclusion.because)} |`;
  });
  const title =
    bad.length === 0 ? 'every step holds' : `${bad.length} of ${statements.length} steps do not hold`;
  return [
    `## tscmatrix validate --each: ${title}`,
    '',
    '| step | it is | because |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
