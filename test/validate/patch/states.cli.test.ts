// Each state of a hunk, on a tree of a few lines.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../../harness/base/errors.ts';
import { makeScratch, type Scratch } from '../../../harness/host/scratch.ts';
import { LIMIT_PATCH, TWO_PATCH, writeTree } from '../../kernel-build/fake-tree.ts';
import { examineFake } from './patches.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
  await writeTree(join(scratch.path, 'tree'), undefined);
});
afterEach(() => scratch.remove());

async function patch(name: string, text: string): Promise<string> {
  await mkdir(scratch.path, { recursive: true });
  const path = join(scratch.path, name);
  await writeFile(path, text);
  return path;
}

const notes = (before: string, after: string, start = 1): string => `--- a/notes.txt
+++ b/notes.txt
@@ -${start},${before.split('\n').length} +${start},${after.split('\n').length} @@
${merged(before, after)}
`;

/** The old lines out and the new ones in, but for what both begin and end with. */
function merged(before: string, after: string): string {
  const old = before.split('\n');
  const now = after.split('\n');
  let head = 0;
  while (head < old.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  return [
    ...old.slice(0, head).map((line) => ` ${line}`),
    ...old.slice(head, old.length - tail).map((line) => `-${line}`),
    ...now.slice(head, now.length - tail).map((line) => `+${line}`),
    ...old.slice(old.length - tail).map((line) => ` ${line}`),
  ].join('\n');
}

const states = async (...paths: string[]) => {
  const report = await examineFake(scratch.path, paths);
  return {
    report,
    applies: report.applies,
    hunks: report.patches.flatMap(({ hunks }) => hunks.map(({ state }) => state)),
  };
};

test('as written, shifted, with fuzz', async () => {
  const exact = await patch('exact.patch', notes('a\nb\nc\nd', 'a\nB\nc\nd'));
  expect(await states(exact)).toMatchObject({ applies: 'exactly', hunks: ['exact'] });
  const shifted = await patch('shifted.patch', notes('b\nc\nd', 'b\nC\nd', 1));
  const { report } = await states(shifted);
  expect(report).toMatchObject({
    applies: 'shifted',
    patches: [{ hunks: [{ state: 'offset', offset: 1, line: 2 }] }],
  });
  const fuzzy = await patch('fuzzy.patch', notes('x\nb\nc\nd\ne', 'x\nb\nC\nd\ne'));
  const fuzz = await states(fuzzy);
  expect(fuzz.report).toMatchObject({
    applies: 'with-fuzz',
    patches: [{ hunks: [{ state: 'fuzz', fuzz: 1 }] }],
  });
  const strict = await examineFake(scratch.path, [fuzzy], { fuzz: 0 });
  expect(strict).toMatchObject({ applies: 'no', patches: [{ hunks: [{ state: 'fails' }] }] });
});

test('every hunk that fails is told, with both sides, and the others too', async () => {
  const path = await patch(
    'several.patch',
    `${notes('a\nq\nr', 'a\nQ\nr')}@@ -4,3 +4,3 @@\n d\n-e\n+E\n f\n--- a/two.c\n+++ b/two.c\n@@ -1,3 +1,3 @@\n int two(void)\n {\n-	return 7;\n+	return 8;\n`,
  );
  const { report, hunks, applies } = await states(path);
  expect(applies).toBe('no');
  expect(hunks).toEqual(['fails', 'exact', 'fails']);
  const [first, , third] = report.patches[0]?.hunks ?? [];
  expect(first?.sides).toMatch(/the patch expects[\s\S]*q[\s\S]*the tree has[\s\S]*b/);
  expect(third?.sides).toMatch(/return 7;[\s\S]*return 2;/);
  expect(report.remarks).toMatchObject([{ code: 'another-tree' }, { code: 'unrelated' }]);
});

test('a file that is not there, one that is new, one that is gone', async () => {
  const other = await patch('other.patch', '--- a/no/such.c\n+++ b/no/such.c\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n');
  const { report, hunks } = await states(other);
  expect(hunks).toEqual(['no-file']);
  expect(report.remarks[0]).toMatchObject({ code: 'another-tree' });
  expect(report.remarks[0]?.text).toContain('no/such.c');
  const fresh =
    'diff --git a/new.txt b/new.txt\nnew file mode 100644\n--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,2 @@\n+a\n+b\n';
  expect(await states(await patch('new.patch', fresh))).toMatchObject({
    applies: 'exactly',
    hunks: ['exact'],
  });
  const all = 'a\nb\nc\nd\ne\nf'
    .split('\n')
    .map((line) => `-${line}`)
    .join('\n');
  const gone = `diff --git a/notes.txt b/notes.txt\ndeleted file mode 100644\n--- a/notes.txt\n+++ /dev/null\n@@ -1,6 +0,0 @@\n${all}\n`;
  const deletes = await patch('gone.patch', gone);
  expect(await states(deletes)).toMatchObject({ applies: 'exactly', hunks: ['exact'] });
  // After it the file is gone for the next patch, although the tree has it.
  const changes = await patch('changes.patch', notes('a\nb', 'a\nB'));
  expect((await states(deletes, changes)).hunks).toEqual(['exact', 'no-file']);
  await rm(join(scratch.path, 'tree', 'notes.txt'));
  await rm(join(scratch.path, 'cache'), { recursive: true });
  expect(await states(deletes)).toMatchObject({ applies: 'already-there', hunks: ['already-there'] });
});

test('what is there already, all of it or a part', async () => {
  const there = await patch('there.patch', notes('a\nq\nc\nd', 'a\nb\nc\nd'));
  expect(await states(there)).toMatchObject({ applies: 'already-there', hunks: ['already-there'] });
  const text = `${notes('a\nq\nc', 'a\nb\nc')}@@ -4,3 +4,3 @@\n d\n-e\n+E\n f\n`;
  const part = await states(await patch('part.patch', text));
  expect(part).toMatchObject({ applies: 'no', hunks: ['already-there', 'exact'] });
  expect(part.report.remarks.map(({ code }) => code)).toContain('partly-there');
});

test('patches apply one on top of the other, and on top of those of the base', async () => {
  const first = await patch('1.patch', notes('a\nb\nc', 'a\nB\nc'));
  const second = await patch('2.patch', notes('a\nB\nc', 'a\nBB\nc'));
  expect(await states(first, second)).toMatchObject({ applies: 'exactly', hunks: ['exact', 'exact'] });
  expect((await states(second)).hunks).toEqual(['fails']);
  const report = await examineFake(scratch.path, [second], { patches: ['1.patch'] });
  expect(report.applies).toBe('exactly');
});

test('one file with two mails is two patches', async () => {
  const mail = (subject: string, diff: string): string =>
    `From ${'0'.repeat(40)} Mon Sep 17 00:00:00 2001\nFrom: a <a@b>\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nSubject: [PATCH v2 1/2] ${subject}\n\nwhy\n---\n${diff}-- \n2.0\n\n`;
  const both = mail(
    'one: =?UTF-8?q?gr=C3=B6=C3=9Fer?=',
    `diff --git a/include/limit.h b/include/limit.h\n${LIMIT_PATCH}`,
  );
  const path = await patch('series.mbox', both + mail('two: a long\n subject', TWO_PATCH));
  const { report } = await states(path);
  expect(report.patches).toMatchObject([
    { name: 'series.mbox (1 of 2)', subject: 'one: größer', applies: 'exactly' },
    { name: 'series.mbox (2 of 2)', subject: 'two: a long subject', applies: 'exactly' },
  ]);
  expect(report.patches[0]?.patchId).toMatch(/^[0-9a-f]{40}$/);
});

test('what is no patch is an error that names it', async () => {
  const text = await patch('letter.txt', 'Dear all\n');
  await expect(states(text)).rejects.toThrow(UserError);
  await expect(states(text)).rejects.toThrow(/letter\.txt holds no change/);
  await expect(states(join(scratch.path, 'none.patch'))).rejects.toThrow(
    /none\.patch: there is no such file/,
  );
  const cut = await patch('cut.patch', '--- a/notes.txt\n+++ b/notes.txt\n@@ -1,6 +1,6 @@\n a\n-b\n+B\n');
  await expect(states(cut)).rejects.toThrow(/cut\.patch cannot be read/);
});
