// A backport of a commit that the museum shows is booted in its guests as well.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadMatrix } from '../../harness/matrix/load.ts';
import { type KernelEntry, REGISTRATIONS } from '../../harness/matrix/types.ts';
import { exhibitsOf } from '../../harness/validate/exhibits.ts';
import type { PatchReport } from '../../harness/validate/patch/types.ts';
import { planOf } from '../../harness/validate/plan.ts';

const REFINEMENT = 'a786ef152cdcfebc923a67f63c7815806eefcf81';
const like = (id: string, reverse = false) => ({ alike: [{ id, reverse }] }) as unknown as PatchReport;
const names = async (...asked: Parameters<typeof exhibitsOf>): Promise<string[]> =>
  (await exhibitsOf(...asked)).map(({ name }) => name);

test('an exhibit is one of the commit that the patch is like', async () => {
  expect(await names([like(REFINEMENT)], [])).toEqual(['robust-refinement']);
  expect(await names([null, like('0123456789ab')], [])).toEqual([]);
  // A patch that takes the commit out flips nothing that a backport should.
  expect(await names([like(REFINEMENT, true)], [])).toEqual([]);
  expect(await names([like(REFINEMENT)], ['case=kvm'])).toEqual([]);
});

test('its guests come beside those of the matrix, under all kernels', async () => {
  const matrix = await loadMatrix(join(import.meta.dirname, '..', '..', 'matrices', 'validate.yaml'));
  const entry = (name: string): KernelEntry => ({ name, source: { kind: 'image', path: `/${name}` } });
  const kernels = { base: entry('base'), reference: entry('reference'), backports: [entry('backport')] };
  const exhibits = await exhibitsOf([like(REFINEMENT)], []);
  const without = planOf(matrix, kernels, []);
  const { cells } = planOf(matrix, kernels, [], [], exhibits);
  const added = cells.filter(({ id }) => !without.cells.some((cell) => cell.id === id));
  expect(added.map(({ kernel, axes }) => `${kernel} ${axes.exhibit} ${axes.reads}`)).toEqual(
    ['reference', 'base', 'backport'].flatMap((kernel) =>
      ['fast', 'between', 'slow'].map((reads) => `${kernel} robust-refinement ${reads}`),
    ),
  );
  // The reference may be of another age than the exhibit: it has only to come up.
  const between = added.filter(({ axes }) => axes.reads === 'between');
  const registrations = between.map(({ expectation }) => expectation.registration);
  expect(registrations[0]).toEqual(REGISTRATIONS);
  expect(registrations[1]).toEqual(expect.arrayContaining(['never', 'panicked']));
});
