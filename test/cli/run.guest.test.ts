// A matrix run as a user runs it, and all that can be done with its record. One run serves most of these tests.
import { execFile } from 'node:child_process';
import { access, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Parser } from 'tap-parser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CELL, MATRIX, openWorkshop, processesWith, type Ran, type Workshop } from './tscmatrix.ts';

const NOTSC = `${CELL}.append=notsc`;
let shop: Workshop;
/** Two cells twice; the second is unexpected. */
let main: Ran;
/** The folder of that run. */
let dir: string;

const inRun = (...parts: string[]): string => join(dir, ...parts);
const inShop = (name: string): Promise<string> => readFile(join(shop.folder, name), 'utf8');

beforeAll(async () => {
  shop = await openWorkshop();
  await shop.file('three.yaml', MATRIX);
  const reporters = ['junit=j.xml', 'markdown=m.md', 'tap=t.tap'].flatMap((one) => ['--reporter', one]);
  main = await shop.run(['run', 'three.yaml', '--filter', 'hpet=on', '--repeat', '2', ...reporters]);
  const runs = await readdir(join(shop.folder, 'results'));
  dir = join(shop.folder, 'results', runs.find((name) => name.endsWith('-three')) ?? 'none');
});
afterAll(() => shop.remove());

test('something unexpected: exit code 1, and the table alone on stdout says what and why', () => {
  expect(main.code, main.stderr).toBe(1);
  expect(main.signal).toBeNull();
  expect(main.stdout).toMatch(/^tscmatrix three\n/);
  expect(main.stdout).toMatch(/2 cells: 1 expected, 1 unexpected/);
  expect(main.stdout).toMatch(/ refined, TSC .*\n(?:.*\n)?.* expected /);
  expect(main.stdout).toMatch(/UNEXPECTED \[1\]/);
  expect(main.stdout).toMatch(/\[1\] debian-6\.1, hpet=on append=notsc: unstable instead of refined/);
  // Progress is elsewhere.
  expect(main.stdout).not.toMatch(/started|finished|record is in/);
  expect(main.stderr).toContain(`started ${CELL} boot 2`);
  expect(main.stderr).toMatch(/the record is in results\/\S+-three\n$/);
});

test('the record holds the log, the provenance and the files of each boot', async () => {
  const events = (await readFile(inRun('events.jsonl'), 'utf8')).trimEnd().split('\n');
  expect(JSON.parse(events[0] ?? '')).toMatchObject({ type: 'run-started', seq: 0 });
  expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ type: 'run-finished', exitCode: 1 });
  const provenance = JSON.parse(await readFile(inRun('provenance.json'), 'utf8'));
  expect(provenance.kernels).toMatchObject([{ name: 'debian-6.1', sha256: { value: expect.any(String) } }]);
  for (const cell of [CELL, NOTSC]) {
    for (const boot of ['boot-1', 'boot-2']) {
      for (const file of ['console.log', 'boot.json', 'evidence.json', 'command.sh']) {
        expect(
          (await stat(inRun('cells', cell, boot, file))).size,
          `${cell} ${boot} ${file}`,
        ).toBeGreaterThan(0);
      }
    }
  }
  expect((await readdir(dir)).sort()).toEqual(['cells', 'events.jsonl', 'provenance.json']);
  expect(await shop.leftovers()).toEqual([]);
});

test('both boots of a deterministic cell have the same transcript', async () => {
  const { cells } = JSON.parse((await shop.run(['report', '--json'])).stdout);
  for (const id of [CELL, NOTSC]) {
    const hashes = cells
      .find((cell: { id: string }) => cell.id === id)
      .boots.map((boot: { transcriptSha256: string }) => boot.transcriptSha256);
    expect(hashes).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), hashes[0]]);
    const consoles = await Promise.all(
      [1, 2].map((n) => readFile(inRun('cells', id, `boot-${n}`, 'console.log'))),
    );
    expect(consoles[0]?.equals(consoles[1] ?? Buffer.of())).toBe(true);
  }
});

test('the reports in files', async () => {
  expect(await inShop('m.md')).toMatch(/\| hpet=on append=notsc \| [^|]*unstable<br>[^|]*\*\*UNEXPECTED/);
  const junit = await inShop('j.xml');
  expect(junit).toMatch(/<testsuites name="tscmatrix three" tests="2" failures="1" errors="0"/);
  const results = Parser.parse(await inShop('t.tap')).filter(([kind]) => kind === 'assert');
  expect(results.map(([, point]) => point.ok)).toEqual([true, false]);
});

test('a stored run in any form, under any of its names', async () => {
  const name = dir.split('/').at(-1) ?? '';
  const whole = await shop.run(['report', name]);
  expect(whole.code, whole.stderr).toBe(0);
  expect(whole.stdout).toBe(main.stdout);
  for (const run of ['latest', name.slice(0, -1), dir, `results/${name}`]) {
    expect((await shop.run(['report', run])).stdout, run).toBe(main.stdout);
  }
  const tap = await shop.run(['report', '--reporter', 'tap']);
  expect(tap.stdout).toBe(await inShop('t.tap'));
  expect((await shop.run(['report', 'none'])).code).toBe(2);
});

test('--json: one document on stdout alone; all as expected is exit code 0', async () => {
  const ran = await shop.run(['run', 'three.yaml', '--json', '--filter', 'hpet=off', '--results', 'other']);
  expect(ran.code, ran.stderr).toBe(0);
  const document = JSON.parse(ran.stdout);
  expect(document).toMatchObject({ complete: true, exitCode: 0, options: { filters: ['hpet=off'] } });
  expect(document.cells).toMatchObject([
    { id: `${CELL}.hpet=off`, outcome: 'expected', verdicts: ['refined'] },
  ]);
});

test('plan shows the cells; as JSON too', async () => {
  const plan = await shop.run(['plan', 'three.yaml']);
  expect(plan.code).toBe(0);
  expect(plan.stdout.split('\n').map((line) => line.split('\t')[0])).toEqual([
    CELL,
    `${CELL}.hpet=off`,
    NOTSC,
    '',
  ]);
  const json = await shop.run(['plan', 'three.yaml', '--json', '--filter', 'hpet=off']);
  expect(JSON.parse(json.stdout)).toMatchObject({ name: 'three', cells: [{ id: `${CELL}.hpet=off` }] });
});

test('the command that plan prints boots the same guest by hand, to the same bytes', async () => {
  const plan = await shop.run(['plan', 'three.yaml', '--command', '--filter', 'hpet=on']);
  expect(plan.code, plan.stderr).toBe(0);
  // From the first line that is no comment to the end of its paragraph.
  const command = plan.stdout.slice(plan.stdout.search(/^[^#\n]/m), plan.stdout.indexOf('\n\n') + 1);
  const stored = await readFile(inRun('cells', CELL, 'boot-1', 'command.sh'), 'utf8');
  expect(stored).toBe(`#!/bin/sh\n${command}`);
  // To a file, as for the harness: a reader that lets QEMU wait for it (a pipe that is full) changes the guest's time.
  await promisify(execFile)('sh', ['-c', `exec > out; ${command}`], { cwd: shop.temp, timeout: 100_000 });
  const byHand = await readFile(join(shop.temp, 'out'));
  await rm(join(shop.temp, 'out'));
  const ours = await readFile(inRun('cells', CELL, 'boot-1', 'console.log'));
  // After the end frame nothing counts: there the harness may end its guest sooner.
  const end = ours.indexOf('\n', ours.lastIndexOf('@tsc ')) + 1;
  expect(end).toBeGreaterThan(10_000);
  expect(byHand.subarray(0, end).toString('latin1')).toBe(ours.subarray(0, end).toString('latin1'));
});

test('rerun: the same transcript again', async () => {
  const ran = await shop.run(['rerun', 'latest', NOTSC, '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  const result = JSON.parse(ran.stdout);
  expect(result).toMatchObject({
    cell: NOTSC,
    sameTranscript: true,
    sameVerdict: true,
    firstDifference: null,
  });
  expect(result.now).toEqual(result.recorded);
  expect(await shop.leftovers()).toEqual([]);
});

test('rerun runs no word of a record: what differs is shown', async () => {
  const proof = join(shop.folder, 'written');
  const path = inRun('cells', NOTSC, 'boot-1', 'boot.json');
  const before = await readFile(path, 'utf8');
  const evil = join(shop.folder, 'evil');
  await writeFile(evil, `#!/bin/sh\n: > ${proof}\n`, { mode: 0o755 });
  const boot = JSON.parse(before);
  for (const [launch, said] of [
    [{ ...boot.launch, argv: [...boot.launch.argv, '-D', proof] }, `recorded -D ${proof}`],
    [
      { ...boot.launch, argv: [...boot.launch.argv, '-chardev', `file,id=x,path=${proof}`] },
      'recorded -chardev',
    ],
    [{ ...boot.launch, environment: { LD_PRELOAD: evil } }, 'recorded LD_PRELOAD'],
    [{ ...boot.launch, commandLine: 'init=/bin/sh' }, 'the kernel command line'],
  ]) {
    await writeFile(path, JSON.stringify({ ...boot, launch }));
    const ran = await shop.run(['rerun', 'latest', NOTSC]);
    expect(ran.code, ran.stderr).toBe(69);
    expect(ran.stderr).toContain(said);
  }
  // The program itself is not even looked at: it comes from this host.
  await writeFile(path, JSON.stringify({ ...boot, launch: { ...boot.launch, qemu: evil } }));
  const ran = await shop.run(['rerun', 'latest', NOTSC, '--json']);
  await writeFile(path, before);
  expect(ran.code, ran.stderr).toBe(0);
  expect(JSON.parse(ran.stdout)).toMatchObject({ sameTranscript: true });
  expect(
    await access(proof).then(
      () => true,
      () => false,
    ),
  ).toBe(false);
});

test('nor one of a record that came as a blob and was merged', async () => {
  const proof = join(shop.folder, 'written');
  const path = inRun('cells', NOTSC, 'boot-1', 'boot.json');
  const before = await readFile(path, 'utf8');
  const boot = JSON.parse(before);
  const launch = { ...boot.launch, argv: [...boot.launch.argv, '-D', proof] };
  await writeFile(path, JSON.stringify({ ...boot, launch }));
  const packed = await shop.run(['blob', 'latest', 'a.blob']);
  await writeFile(path, before);
  expect(packed.code, packed.stderr).toBe(0);
  const merged = await shop.run(['merge', 'a.blob', '--results', 'merged']);
  expect(merged.code, merged.stderr).toBe(1);
  const ran = await shop.run(['rerun', 'latest', NOTSC, '--results', 'merged']);
  expect(ran.code, ran.stderr).toBe(69);
  expect(ran.stderr).toContain(`recorded -D ${proof}`);
  await expect(access(proof)).rejects.toThrow('ENOENT');
});

test('rerun of a cell that is not there suggests the one that was meant', async () => {
  const ran = await shop.run(['rerun', 'latest', `${CELL}.append=nots`]);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain(`did you mean ${NOTSC}?`);
  const never = await shop.run(['rerun', 'latest', 'nothing-like-it']);
  expect(never.code).toBe(2);
  expect(never.stderr).toContain('hint: ');
});

test('rejudge: the same verdicts without QEMU, and others where the console is another', async () => {
  // No PATH, no program: what needs one would fail.
  const same = await shop.run(['rejudge', 'latest', '--json'], {
    env: { PATH: '/nonexistent:/usr/bin:/bin' },
  });
  expect(same.code, same.stderr).toBe(1);
  expect(JSON.parse(same.stdout)).toMatchObject({ changed: 0 });
  expect(await processesWith(dir)).toEqual([]);

  const path = inRun('cells', CELL, 'boot-2', 'console.log');
  const before = await readFile(path, 'latin1');
  const frames = before.split('\n').filter((line) => line.startsWith('@tsc '));
  await writeFile(path, before.slice(0, before.indexOf(frames.at(-1) ?? '')), 'latin1');
  try {
    const changed = await shop.run(['rejudge', 'latest']);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toMatch(
      new RegExp(`^CHANGED ${CELL}: expected \\(refined, refined\\) -> (?!expected)`, 'm'),
    );
    expect(changed.stdout).toMatch(new RegExp(`^same +${NOTSC}`, 'm'));
    expect(changed.stderr).toContain('2 cells judged again, 1 changed');
  } finally {
    await writeFile(path, before, 'latin1');
  }
});
