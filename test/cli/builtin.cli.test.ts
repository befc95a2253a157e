// Matrices that come along or are written for the user, and the completion in a real shell.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorkshop, type Workshop } from './tscmatrix.ts';

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop.remove());

test('a built-in matrix is its file, also before a "#"', async () => {
  const named = await shop.run(['plan', 'builtin:quick']);
  const file = await shop.run(['plan', join(import.meta.dirname, '..', '..', 'matrices', 'quick.yaml')]);
  expect(named.code, named.stderr).toBe(0);
  expect(named.stdout).toBe(file.stdout);
  const wrong = await shop.run(['probe', 'x', '--cell', 'builtin:quick#no.such.cell']);
  expect(wrong.stderr).toMatch(/builtin:quick has no cell no\.such\.cell/);
});

test('an unknown one says what there is, and a path that is not there is not offered again', async () => {
  const unknown = await shop.run(['run', 'builtin:quik']);
  expect(unknown).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no built-in matrix "quik"\n.*quick/),
  });
  const missing = await shop.run(['plan', 'matrices/quick.yaml']);
  expect(missing.code).toBe(2);
  expect(missing.stderr.split('matrices/quick.yaml')).toHaveLength(2);
  expect(missing.stderr).toMatch(/builtin:quick.*builtin:seed/);
});

test('init writes a matrix that plan takes, and overwrites nothing', async () => {
  const kernel = await shop.file('my "kernel": {1}', 'MZ');
  const made = await shop.run(['init', kernel]);
  expect(made.code, made.stderr).toBe(0);
  const planned = await shop.run(['plan', 'tscmatrix.yaml', '--json']);
  expect(planned.code, planned.stderr).toBe(0);
  expect(JSON.parse(planned.stdout).kernels).toEqual([
    { name: 'mine', source: { kind: 'image', path: kernel } },
  ]);
  const before = await readFile(join(shop.folder, 'tscmatrix.yaml'), 'utf8');
  expect(await shop.run(['init', 'debian:linux-image-amd64'])).toMatchObject({ code: 2 });
  expect(await readFile(join(shop.folder, 'tscmatrix.yaml'), 'utf8')).toBe(before);
});

test('bash completes commands, options and choices', async () => {
  await shop.file('completion', (await shop.run(['completion', 'bash'])).stdout);
  const complete = async (...words: string[]) => {
    const script = `. ./completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tscmatrix; echo "\${COMPREPLY[@]}"`;
    const ran = await promisify(execFile)('bash', ['-c', script, 'bash', 'tscmatrix', ...words], {
      cwd: shop.folder,
    });
    return ran.stdout.trim();
  };
  expect(await complete('bis')).toBe('bisect');
  expect(await complete('run', '--fi')).toBe('--filter');
  expect(await complete('probe', '--failure', '')).toBe('skip bad');
  expect(await complete('run', 'some')).toBe('');
});
