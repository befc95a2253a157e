// A series as its steps: what is put on the base in each, and what a step has to say.
import { expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { kernelSchema, kernelSource } from '../../harness/matrix/kernel-schema.ts';
import type { KernelEntry } from '../../harness/matrix/types.ts';
import { eachOf, isStepGood, renderSteps } from '../../harness/validate/each.ts';
import type { Statement } from '../../harness/validate/statement.ts';
import { inScratch } from '../kernel/tools.ts';
import { git, writeTree } from '../kernel-build/fake-tree.ts';

function entryOf(source: Record<string, string>, patches: readonly string[] = []): KernelEntry {
  const checked = kernelSchema.parse({ source, patches });
  return { name: 'base', source: kernelSource(checked, '/') };
}
const base = entryOf({ directory: 'tree' }, ['own.patch']);

test('each step has the base’s own patches, and one more of the series than the step before', async () => {
  const patches = ['/p/1.patch', '/p/2.patch'];
  if (base.source.kind !== 'build') throw new Error('it is built');
  const source = { ...base.source, patches: [...base.source.patches, ...patches] };
  const steps = await eachOf({ entry: { name: 'backport', source }, patches, note: '2 patches of p' }, base);
  expect(steps.map(({ entry }) => entry.source.kind === 'build' && entry.source.patches)).toEqual([
    ['/own.patch', '/p/1.patch'],
    ['/own.patch', '/p/1.patch', '/p/2.patch'],
  ]);
  expect(steps.map(({ entry, patches: own, note }) => [entry.name, own?.length, note])).toEqual([
    ['backport-1', 1, '1 of 2 patches, up to 1.patch'],
    ['backport-2', 2, '2 of 2 patches, up to 2.patch'],
  ]);
});

test('one patch is no series, nor is a kernel of its own', async () => {
  const one = { entry: base, patches: ['own.patch'], note: 'the patch own.patch' };
  await expect(eachOf(one, base)).rejects.toThrow(
    '--each is for a series, and the patch own.patch is one step',
  );
  const own = { entry: base, patches: null, note: 'k of m.yaml' };
  await expect(eachOf(own, base)).rejects.toThrow(UserError);
});

test('of a repository, each commit between the base and the backport', () =>
  inScratch(async (folder) => {
    const repo = await writeTree(`${folder}/tree`);
    git(repo, 'init', '--quiet', '--initial-branch=main');
    git(repo, 'add', '.');
    for (const title of ['base', 'one', 'two']) git(repo, 'commit', '--quiet', '--allow-empty', '-m', title);
    const at = (ref: string) => entryOf({ git: repo, ref });
    const whole = { entry: at('main'), patches: null, note: 'main' };
    const steps = await eachOf(whole, at('main~2'));
    expect(steps.map(({ note }) => note.replace(/[0-9a-f]{12}/, 'ID'))).toEqual([
      '1 of 2 commits, up to ID ("one")',
      '2 of 2 commits, up to ID ("two")',
    ]);
    const refs = steps.map(
      ({ entry: { source } }) => source.kind === 'build' && 'ref' in source.tree && source.tree.ref,
    );
    expect(refs).toEqual(['main~1', 'main'].map((ref) => git(repo, 'rev-parse', ref).trim()));
    await expect(eachOf(whole, at('main'))).rejects.toThrow('is none');
  }));

const step = (kind: Statement['conclusion']['kind']) =>
  ({ backport: { kernel: 'x', what: `a | ${kind}` }, conclusion: { kind, because: 'why' } }) as Statement;

test('a step before the last may be incomplete; the last has to be equivalent, and none may do harm', () => {
  expect(
    ['equivalent', 'incomplete', 'no-effect', 'inconclusive'].map((kind) =>
      isStepGood(step(kind as never), false),
    ),
  ).toEqual([true, true, true, true]);
  expect(isStepGood(step('regresses'), false)).toBe(false);
  expect(isStepGood(step('incomplete'), true)).toBe(false);
  const text = renderSteps([step('no-effect'), step('regresses'), step('equivalent')]);
  expect(text).toContain('## tscmatrix validate --each: 1 of 3 steps do not hold\n');
  expect(text).toContain('| a \\| regresses | **regresses** | why |');
  expect(renderSteps([step('no-effect'), step('equivalent')])).toContain('every step holds');
});
