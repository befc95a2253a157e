// Known issues of a matrix, on real guests: green while they show, loud when they are gone or past their day.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { builtKernel } from '../support/built-kernel.ts';
import { BUILD_MS } from '../support/nested-boots.ts';

const matrix = (kernel: string): string => `
version: 1
name: known
kernels: { it: { image: ${kernel} } }
defaults: { topology: tcg, cpu: max, hpet: off, probe: brief }
axes:
  append: ['', tsc=unstable, tsc=unstable a=1]
expect:
  - registration: [known-frequency, refined]
  - when: { append: 'tsc=unstable' }
    registration: unstable
    reason: told so on its command line
    url: https://example.org/1
    until: 2999-12-31
  - when: { append: 'tsc=unstable a=1' }
    registration: unstable
    reason: to be gone
    until: 2026-01-31
`;

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  const { path } = await builtKernel();
  await shop.file('known.yaml', matrix(path));
}, BUILD_MS);
afterAll(() => shop.remove());

interface Cell {
  readonly id: string;
  readonly outcome: string;
  readonly reason: string;
  readonly known?: object;
}

test('one shows and is known; one is past its day; the record is judged again to the same', async () => {
  const ran = await shop.run(['run', 'known.yaml', '--results', 'r', '--json']);
  expect(ran.code, ran.stderr).toBe(1);
  const cells: Cell[] = JSON.parse(ran.stdout).cells;
  const [plain, known, past] = cells;
  expect(plain).toMatchObject({ outcome: 'expected' });
  expect(plain?.known).toBeUndefined();
  expect(known).toMatchObject({ outcome: 'expected', known: { reason: 'told so on its command line' } });
  expect(past).toMatchObject({ outcome: 'unexpected' });
  expect(past?.reason).toContain('expect[2], a known issue, ended on 2026-01-31: to be gone');
  const table = await shop.run(['report', 'latest', '--results', 'r']);
  expect(table.stdout).toMatch(/known issue \[\d\]/);
  expect(table.stdout).toContain('known issues: 1 cell');
  expect(table.stdout.replaceAll(/\s+/g, ' ')).toContain(
    'known issue: told so on its command line (https://example.org/1, until 2999-12-31)',
  );
  await shop.run(['report', 'latest', '--results', 'r', '--html', 'page.html']);
  expect(await readFile(join(shop.folder, 'page.html'), 'utf8')).toContain(
    '<h2 id="known">Known issues</h2>',
  );
  const again = await shop.run(['rejudge', 'latest', '--results', 'r', '--json']);
  expect(JSON.parse(again.stdout).changed).toBe(0);
});

test('one that is gone makes the run red, and says which rule to take out', async () => {
  const rule = "  - { when: { append: '' }, registration: never, reason: thought to be broken }\n";
  const { path } = await builtKernel();
  await shop.file('gone.yaml', `${matrix(path)}${rule}exclude: [{ append: 'tsc=*' }]\n`);
  const ran = await shop.run(['run', 'gone.yaml', '--results', 'g', '--json', '--reporter', 'github=g.txt']);
  expect(ran.code, ran.stderr).toBe(1);
  const [cell]: Cell[] = JSON.parse(ran.stdout).cells;
  expect(cell?.outcome).toBe('unexpected');
  expect(cell?.reason).toContain('the known issue of expect[3] is gone (thought to be broken)');
  expect(await readFile(join(shop.folder, 'g.txt'), 'utf8')).toMatch(/^::error .*line=.*is gone/);
});
