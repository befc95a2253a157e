// With a clone of upstream: diffs, patch-ids, releases and fixes come from its history.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../../harness/base/errors.ts';
import { openCache } from '../../../harness/host/cache.ts';
import { makeScratch, type Scratch } from '../../../harness/host/scratch.ts';
import { examinePatches } from '../../../harness/validate/patch/examine.ts';
import { git } from '../../kernel-build/fake-tree.ts';

const FILE = 'arch/x86/kernel/tsc.c';
const DOC = 'Documentation/tsc.rst';

/** Two functions far enough from each other for a hunk each. */
const source = (limit: string, answer: string, extra = ''): string => `#define LIMIT ${limit}

static int first(int cycles)
{
	int result = cycles;

	return result < LIMIT;
}

/* one */
/* two */
/* three */
/* four */

static int second(void)
{
	int number = 1;
${extra}
	return ${answer};
}
`;

let scratch: Scratch;
let clone: string;
let feature: string;
let featurePatch: string;

beforeAll(async () => {
  scratch = await makeScratch();
  clone = join(scratch.path, 'linux');
  await mkdir(clone);
  git(clone, 'init', '--quiet', '--initial-branch=main');
  // What a user may have set, and what would change the text of a diff.
  for (const [name, value] of [
    ['diff.noprefix', 'true'],
    ['diff.context', '0'],
    ['color.ui', 'always'],
    ['log.showSignature', 'true'],
  ]) {
    git(clone, 'config', name ?? '', value ?? '');
  }
  await commit('first', { [FILE]: source('50000', 'number'), [DOC]: 'limit\n' });
  await commit('other: nothing to do with it', { 'other.c': 'int other;\n' });
  feature = await commit('x86/tsc: two changes', {
    [FILE]: source('khz >> 5', 'number * khz', '\tnumber += khz;'),
    [DOC]: 'limit in kHz\n',
  });
  featurePatch = git(
    clone,
    '-c',
    'diff.noprefix=false',
    '-c',
    'diff.context=3',
    '-c',
    'color.ui=never',
    'format-patch',
    '--stdout',
    '-1',
    feature,
  );
  git(clone, 'tag', 'v9.1-rc2');
  await commit('another', { 'other.c': 'int another;\n' });
  git(clone, 'tag', 'v9.1');
  await commit(`x86/tsc: mend it\n\nFixes: ${feature.slice(0, 12)} ("x86/tsc: two changes")`, {
    [FILE]: source('(khz >> 5)', 'number * khz', '\tnumber += khz;'),
  });
});
afterAll(() => scratch.remove());

async function commit(message: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(clone, path)), { recursive: true });
    await writeFile(join(clone, path), text);
  }
  git(clone, 'add', '--all');
  git(clone, 'commit', '--quiet', '-m', message);
  return git(clone, 'rev-parse', 'HEAD');
}

async function examine(text: string, upstream = clone) {
  const path = join(scratch.path, 'backport.patch');
  await writeFile(path, text);
  const cache = await openCache(join(scratch.path, 'cache'));
  return examinePatches(null, [path], { cache, upstream });
}

test('the very commit is known by its patch-id, with its release and what fixed it', async () => {
  const report = await examine(featurePatch);
  expect(report.applies).toBeNull();
  expect(report.upstream).toContain(clone);
  expect(report.alike).toMatchObject([
    {
      id: feature.slice(0, 12),
      title: 'x86/tsc: two changes',
      release: 'v9.1',
      how: 'patch-id',
      complete: true,
      partial: false,
      extra: [],
    },
  ]);
  expect(report.related).toMatchObject([
    { title: 'x86/tsc: mend it', relation: 'follow-up', release: null, inTree: null },
  ]);
});

test('a backport with another context, other white space and a hunk less is known by its hunks', async () => {
  const report = await examine(`--- a/${FILE}
+++ b/${FILE}
@@ -101,6 +101,7 @@ static int second(void)
 {
 	long something_else;
 	int number = 1;
-
-	return number;
+
+	number  +=  khz;
+	return number * khz; /* as upstream */
 }
`);
  const [like] = report.alike;
  expect(like).toMatchObject({ id: feature.slice(0, 12), how: 'hunks', complete: false, partial: false });
  expect(like?.hunks.map(({ file, function: name, state }) => [file, name, state])).toEqual([
    [DOC, null, 'missing'],
    [FILE, null, 'missing'],
    [FILE, 'second', 'same'],
  ]);
  expect(like?.hunks[1]?.missing).toEqual(['-#define LIMIT 50000', '+#define LIMIT khz >> 5']);
});

test('what is like nothing in the history', async () => {
  const report = await examine(
    `--- a/${FILE}\n+++ b/${FILE}\n@@ -1,1 +1,1 @@\n-#define LIMIT 50000\n+#define LIMIT 7\n`,
  );
  expect(report.alike).toEqual([]);
});

test('what is no clone is said so', async () => {
  await expect(examine(featurePatch, join(scratch.path, 'nowhere'))).rejects.toThrow(
    /there is no such directory/,
  );
  const plain = join(scratch.path, 'plain');
  await mkdir(plain, { recursive: true });
  await expect(examine(featurePatch, plain)).rejects.toThrow(UserError);
  await expect(examine(featurePatch, plain)).rejects.toThrow(/is not a git repository/);
});
