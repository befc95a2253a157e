// `run --resume` as a user meets it: after Ctrl-C, after a full disk, and where it must refuse.
import { spawnSync } from 'node:child_process';
import { access, chmod, copyFile, cp, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readRecord } from '../../harness/record/reader.ts';
import { openWorkshop, processesOf, type Ran, type Workshop } from '../cli/tscmatrix.ts';
import { builtKernel } from '../support/built-kernel.ts';
import { normalise } from '../support/normalise.ts';

// Boots of seconds, beside whatever else runs.
vi.setConfig({ testTimeout: 400_000 });

let shop: Workshop;
/** The folder of a run that was left alone. */
let calm: string;
const QUIET = ['--reporter', 'none', '--jobs', '2'];

const matrixText = (cells: string): string => `version: 1
name: two
kernels: { it: { image: kernel } }
axes:
  append: [${cells}]
expect:
  - registration: refined
`;

beforeAll(async () => {
  shop = await openWorkshop();
  await copyFile((await builtKernel()).path, join(shop.folder, 'kernel'));
  await shop.file('qemu', '#!/bin/sh\nexec qemu-system-x86_64 "$@"\n');
  await chmod(join(shop.folder, 'qemu'), 0o755);
  await shop.file('two.yaml', matrixText('a=1, a=2'));
  const ran = await shop.run(['run', 'two.yaml', '--qemu', './qemu', '--results', 'calm', ...QUIET]);
  expect(ran.code, ran.stderr).toBe(0);
  calm = await realpath(join(shop.folder, 'calm', 'latest'));
}, 900_000);
afterAll(() => shop.remove());

/** A copy of that run as if it had been killed before its first cell was over. */
async function killedEarly(name: string): Promise<string> {
  const dir = join(shop.folder, name, 'run');
  await mkdir(join(shop.folder, name));
  await cp(calm, dir, { recursive: true });
  const lines = (await readFile(join(dir, 'events.jsonl'), 'utf8')).split('\n');
  const first = lines.findIndex((line) => line.includes('"cell-finished"'));
  await writeFile(join(dir, 'events.jsonl'), `${lines.slice(0, first).join('\n')}\n{"seq":`);
  return dir;
}

const resume = (results: string, ...args: string[]): Promise<Ran> =>
  shop.run(['run', '--resume', 'run', '--qemu', './qemu', '--results', results, ...QUIET, ...args]);

/** Changes a file for the time of a check. */
async function whileChanged(
  path: string,
  content: string | Buffer,
  check: () => Promise<void>,
): Promise<void> {
  const before = await readFile(path);
  await writeFile(path, content);
  try {
    await check();
  } finally {
    await writeFile(path, before);
  }
}

test('a finished run says so, keeps its exit code, and is left as it is', async () => {
  const log = await readFile(join(calm, 'events.jsonl'), 'utf8');
  const ran = await shop.run(['run', '--resume', 'latest', '--results', 'calm', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stderr).toContain('is finished already');
  expect(JSON.parse(ran.stdout)).toMatchObject({ complete: true, counts: { expected: 2 } });
  expect(await readFile(join(calm, 'events.jsonl'), 'utf8')).toBe(log);
});

test('options that decide what is run are refused: a run goes on as it began', async () => {
  for (const [option, value] of [
    ['--filter', 'append=a=1'],
    ['--repeat', '1'],
    ['--shard', '1/2'],
    ['--timeout', '180s'],
  ] as const) {
    const ran = await shop.run(['run', '--resume', 'latest', '--results', 'calm', option, value]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(`--resume takes no ${option}`);
  }
  expect((await shop.run(['run'])).stderr).toContain('needs a matrix file');
});

test('a matrix, kernel, QEMU or probe that is another one now is refused, with what differs', async () => {
  const dir = await killedEarly('changed');
  const before = await readFile(join(dir, 'events.jsonl'), 'utf8');
  const refused = async (pattern: RegExp, ...args: string[]): Promise<void> => {
    const ran = await resume('changed', ...args);
    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stderr).toMatch(pattern);
    // The half line is gone, and nothing came.
    expect(`${await readFile(join(dir, 'events.jsonl'), 'utf8')}{"seq":`).toBe(before);
    await writeFile(join(dir, 'events.jsonl'), before);
  };
  await whileChanged(join(shop.folder, 'two.yaml'), matrixText('a=1, a=3'), () =>
    refused(/the matrix \S+two\.yaml is another one now: sha256 \w{64}, when the run began \w{64}/),
  );
  await whileChanged(join(shop.folder, 'qemu'), '#!/bin/sh\n# new\nexec qemu-system-x86_64 "$@"\n', () =>
    refused(/qemu sha256: \w{64} then, \w{64} now/),
  );
  const kernel = join(shop.folder, 'kernel');
  const longer = Buffer.concat([await readFile(kernel), Buffer.of(0)]);
  await whileChanged(kernel, longer, () =>
    refused(/the kernel it is another one now: sha256 \w{64} .*when the run began \w{64}/),
  );
  // The probe belongs to the program: here the record tells of another one.
  const path = join(dir, 'provenance.json');
  const provenance = JSON.parse(await readFile(path, 'utf8'));
  provenance.files[0].sha256.value = 'ab'.repeat(32);
  await whileChanged(path, JSON.stringify(provenance), () =>
    refused(/files initramfs sha256: (ab){32} then, \w{64} now/),
  );
  // All of it unchanged again: it goes on, and comes to the same record. Elsewhere lies the matrix by now.
  await cp(join(shop.folder, 'two.yaml'), join(shop.folder, 'moved.yaml'));
  const ran = await resume('changed', 'moved.yaml');
  expect(ran.code, ran.stderr).toBe(0);
  expect(normalise(await readRecord(dir))).toEqual(normalise(await readRecord(calm)));
});

test('a program and a matrix that the record names are not run', async () => {
  const dir = await killedEarly('foreign');
  const log = join(dir, 'events.jsonl');
  const proof = join(shop.folder, 'ran');
  await writeFile(join(dir, 'evil'), `#!/bin/sh\n: > ${proof}\n`);
  await chmod(join(dir, 'evil'), 0o755);
  const before = await readFile(log, 'utf8');
  await whileChanged(log, before.replaceAll(join(shop.folder, 'qemu'), join(dir, 'evil')), async () => {
    const ran = await resume('foreign');
    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stderr).toContain(`was begun with --qemu ${join(dir, 'evil')}`);
  });
  await cp(join(shop.folder, 'two.yaml'), join(dir, 'two.yaml'));
  await whileChanged(
    log,
    before.replaceAll(join(shop.folder, 'two.yaml'), join(dir, 'two.yaml')),
    async () => {
      const ran = await resume('foreign');
      expect(ran.code, ran.stderr).toBe(2);
      expect(ran.stderr).toContain('lies in the record itself');
    },
  );
  expect(
    await access(proof).then(
      () => true,
      () => false,
    ),
  ).toBe(false);
});

test('a matrix file that is gone can be named', async () => {
  await killedEarly('gone');
  const before = join(shop.folder, 'two.yaml');
  const text = await readFile(before, 'utf8');
  await rm(before);
  try {
    const ran = await resume('gone');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/cannot be read.*\n.*hint: .*run MATRIX --resume RUN/);
  } finally {
    await writeFile(before, text);
  }
});

test('Ctrl-C says how to go on, a run that is written is refused, and the rest is run', async () => {
  const run = [
    'run',
    'two.yaml',
    '--qemu',
    './qemu',
    '--results',
    'stopped',
    '--jobs',
    '1',
    '--reporter',
    'lines',
  ];
  const started = shop.start(run);
  await started.says('ok it.tcg.deterministic.append=a=1');
  const busy = await shop.run(['run', '--resume', 'latest', '--results', 'stopped', ...QUIET]);
  expect(busy.code, busy.stderr).toBe(2);
  expect(busy.stderr).toMatch(new RegExp(`is being written by another process.*"pid":${started.child.pid}`));
  started.interrupt();
  const stopped = await started.done;
  expect(stopped.code, stopped.stderr).toBe(130);
  expect(stopped.stderr).toMatch(
    /resume it: tscmatrix run --resume results|resume it: tscmatrix run --resume \S+-two/,
  );
  const dir = await realpath(join(shop.folder, 'stopped', 'latest'));
  const ran = await shop.run([
    'run',
    '--resume',
    'latest',
    '--qemu',
    './qemu',
    '--results',
    'stopped',
    '--reporter',
    'lines',
  ]);
  expect(ran.code, ran.stdout).toBe(0);
  expect(ran.stderr).not.toContain('interrupted:');
  expect(ran.stdout).not.toMatch(/INTERRUPTED|INCOMPLETE/);
  const record = await readRecord(dir);
  expect(normalise(record)).toEqual(normalise(await readRecord(calm)));
  const first = record.events.filter((event) => event.type === 'cell-finished' && event.cell.endsWith('a=1'));
  expect(first).toHaveLength(1);
  expect(await processesOf(shop)).toEqual([]);

  // Two real runs of the same inputs, told from their logs alone: no console is there.
  const logs = join(shop.folder, 'logs');
  for (const [name, from] of [
    ['before', calm],
    ['after', dir],
  ] as const) {
    await mkdir(join(logs, name), { recursive: true });
    for (const file of ['events.jsonl', 'provenance.json'])
      await copyFile(join(from, file), join(logs, name, file));
  }
  const compared = await shop.run(['compare', 'before', 'after', '--results', logs]);
  expect(compared.code, compared.stderr).toBe(0);
  expect(compared.stdout).toContain('identical: all 2 cells, the same transcripts from the same inputs');
});

test('a disk that fills up: 69, a readable record, and with more room the rest is run', async (context) => {
  const results = join(shop.folder, 'small');
  await mkdir(results);
  // Room for the beginning of the record and about one boot.
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', results], {
    encoding: 'utf8',
  });
  if (mounted.status !== 0)
    context.skip(`mounting a tmpfs is not allowed here: ${mounted.stderr || mounted.error}`);
  try {
    const run = ['run', 'two.yaml', '--qemu', './qemu', '--results', 'small', ...QUIET];
    const full = await shop.run(run);
    expect(full.code, full.stderr).toBe(69);
    expect(full.stderr).toMatch(/no space left/);
    expect(full.stderr).toMatch(/hint: free some space/);
    expect(await processesOf(shop)).toEqual([]);
    const dir = await realpath(join(results, 'latest'));
    const record = await readRecord(dir);
    expect(record.state).toBe('incomplete');
    expect(record.problems.filter(({ line }) => line > 0)).toEqual([]);
    const report = await shop.run(['report', '--results', 'small', '--json']);
    expect(report.code, report.stderr).toBe(0);
    expect(JSON.parse(report.stdout)).toMatchObject({ complete: false, cells: [{}, {}] });
    // No verdict that the guests did not earn.
    for (const { judged } of record.view.cells.values())
      expect(judged?.outcome ?? 'expected').toBe('expected');

    spawnSync('mount', ['-o', 'remount,size=8m', results]);
    const ran = await shop.run([
      'run',
      '--resume',
      'latest',
      '--qemu',
      './qemu',
      '--results',
      'small',
      ...QUIET,
    ]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(normalise(await readRecord(dir))).toEqual(normalise(await readRecord(calm)));
  } finally {
    spawnSync('umount', ['-l', results]);
  }
});
