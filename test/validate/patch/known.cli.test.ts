// The commits that the project knows, and their texts.
import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { counts } from '../../../harness/validate/patch/lines.ts';
import { knownCommits, upstreamFolder } from '../../../harness/validate/patch/upstream.ts';

/** git patch-id --stable of the commits as they were mailed to their maintainers' trees. */
const PATCH_IDS: Readonly<Record<string, string>> = {
  '63ec58b44fcc': 'aa1ae5939f672fc69fb7a919b4c3f9a38635a660',
  '898ec52d2ba0': '341c7e745c1d8c829b02b61090982c545aaa950c',
  b50db7095fe0: '5f66eb180d6bc55de2fec546b2b0d26fc2fdcb4c',
  bd35c77e32e4: '9da274f8baeaf0b8b852f6de7fc6c96f22b59905',
};

test('each has a text with lines that tell it, and only whole ones have a patch-id', async () => {
  const commits = await knownCommits();
  const files = await readdir(upstreamFolder());
  expect(files.sort()).toEqual(['index.yaml', ...commits.map(({ id }) => `${id}.patch`)].sort());
  const ids = commits.filter(({ partial }) => !partial).map(({ id, patchId }) => [id, patchId]);
  expect(Object.fromEntries(ids)).toEqual(PATCH_IDS);
  for (const { id, partial, patchId, changes, why, needs, followedBy } of commits) {
    expect(changes.lines.filter(counts).length, id).toBeGreaterThan(0);
    if (partial) expect(patchId, id).toBeNull();
    expect(why, id).toMatch(/^[a-z]/);
    for (const other of [...needs, ...followedBy]) {
      expect(
        commits.map((commit) => commit.id),
        id,
      ).toContain(other);
    }
  }
});
