// A matrix over two machines, as a user does it: two shards with blobs, merged, compared with the whole.
import { copyFile, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readRecord } from '../../harness/record/reader.ts';
import { builtKernel } from '../support/built-kernel.ts';
import { normalise } from '../support/normalise.ts';
import { openWorkshop, type Ran, type Workshop } from './tscmatrix.ts';

// Boots of seconds, beside whatever else runs.
vi.setConfig({ testTimeout: 400_000 });

let shop: Workshop;
const QUIET = ['--reporter', 'none'];

beforeAll(async () => {
  shop = await openWorkshop();
  await copyFile((await builtKernel()).path, join(shop.folder, 'kernel'));
  await shop.file(
    'three.yaml',
    `version: 1
name: three
kernels: { it: { image: kernel } }
axes:
  append: [a=1, a=2, notsc]
expect:
  - registration: refined
`,
  );
}, 900_000);
afterAll(() => shop.remove());

const shard = (text: string, ...more: string[]): Promise<Ran> => {
  const name = text.replace('/', '-');
  return shop.run(
    [
      'run',
      'three.yaml',
      '--shard',
      text,
      '--blob',
      `${name}.blob`,
      '--results',
      name,
      '--label',
      `m${name}`,
    ].concat(more.length > 0 ? more : QUIET),
  );
};

test('shards with blobs, merged, are the run of the whole matrix', async () => {
  const parts = [await shard('1/2'), await shard('2/2')];
  // The cell that is not as expected is in one of them; each has its own exit code.
  expect(parts.map(({ code }) => code).sort()).toEqual([0, 1]);
  expect(parts[0]?.stderr).toMatch(/the \d+ files of \S+-three are in 1-2\.blob/);

  const merged = await shop.run(['merge', '2-2.blob', '1-2.blob', '--results', 'all', '--json']);
  expect(merged.code, merged.stderr).toBe(1);
  const document = JSON.parse(merged.stdout);
  expect(document).toMatchObject({
    complete: true,
    counts: { expected: 2, unexpected: 1 },
    parts: [{ label: 'm1-2', shard: { index: 1, of: 2 } }, { label: 'm2-2' }],
  });
  const whole = await shop.run(['run', 'three.yaml', '--results', 'whole', ...QUIET]);
  expect(whole.code, whole.stderr).toBe(1);
  const cellsOf = async (results: string): Promise<unknown> => {
    const record = await readRecord(await realpath(join(shop.folder, results, 'latest')));
    return (normalise(record) as { cells: unknown }).cells;
  };
  expect(await cellsOf('all')).toEqual(await cellsOf('whole'));

  // As any other run.
  const report = await shop.run(['report', '--results', 'all']);
  expect(report.stdout).toMatch(/merged from shard 1\/2 on m1-2 \(\S+\), shard 2\/2 on m2-2 \(\S+\)/);
  const again = await shop.run(['rejudge', 'latest', '--results', 'all']);
  expect(again.stderr).toContain('3 cells judged again, 0 changed');
  const resumed = await shop.run(['run', '--resume', 'latest', '--results', 'all', ...QUIET]);
  expect(resumed.code).toBe(2);
  expect(resumed.stderr).toContain('was merged of others');
  const packed = await shop.run(['blob', 'latest', 'again.blob', '--results', 'all']);
  expect(packed.code, packed.stderr).toBe(0);
  expect(await shop.leftovers()).toEqual([]);
});

test('what keeps blobs from being one run: exit code 2, all of it, and no folder', async () => {
  await rm(join(shop.folder, 'fresh'), { recursive: true, force: true });
  const bytes = await readFile(join(shop.folder, '1-2.blob'));
  await writeFile(join(shop.folder, 'short.blob'), bytes.subarray(0, bytes.length / 2));
  const ran = await shop.run(['merge', '2-2.blob', '2-2.blob', 'short.blob', '--results', 'fresh']);
  expect(ran.code).toBe(2);
  expect(ran.stdout).toBe('');
  for (const text of [
    'short.blob cannot be used as a blob: it was cut short',
    'shard 1/2 is missing: 2 cells',
    'both have 1 cell',
    'hint: docs/shards.md',
  ])
    expect(ran.stderr).toContain(text);
  expect(await readdir(shop.folder)).not.toContain('fresh');
});

test('a shard without cells is a run without cells, and merges', async () => {
  await shop.file('d.json', JSON.stringify({ version: 1, cells: {}, hosts: [{ memoryMiB: 1 }, {}] }));
  const none = await shard('1/2', '--durations', 'd.json', '--results', 'none', '--filter', 'append=a=1');
  expect(none.code, none.stderr).toBe(0);
  expect(none.stdout).toMatch(/0 cells/);
});

test('wrong options are said before anything is run', async () => {
  for (const [args, text] of [
    [['--shard', '3/2'], '--shard takes I/N'],
    [['--durations', 'd.json'], '--durations is for --shard'],
    [['--shard', '1/2', '--durations', 'none.json'], 'cannot read --durations'],
    [['--shard', '1/2', '--durations', 'three.yaml'], 'three.yaml is no JSON'],
    [['--label', '../x'], 'cannot be the label'],
    [['--blob', 'nowhere/x.blob'], 'cannot be written'],
    [['--blob', 'tmp'], 'it is a folder'],
  ] as const) {
    const ran = await shop.run(['run', 'three.yaml', '--results', 'never', ...args]);
    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stderr).toContain(text);
  }
  expect(await readdir(shop.folder)).not.toContain('never');
});
