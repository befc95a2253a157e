import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { readRecord } from '../../harness/record/reader.ts';
import type { RunEvent } from '../../harness/record/types.ts';
import { kcidbOptions, renderKcidb } from '../../harness/report/kcidb/kcidb.ts';
import { patchsetHash } from '../../harness/report/kcidb/kcidb-kernels.ts';
import { BEGIN, finishedOf, HOSTILE, SAMPLE } from '../record/sample-run.ts';
import { CONTROL, viewOf } from './streams.ts';

const FIXTURE = join(import.meta.dirname, 'fixtures', 'kcidb-v5.3.schema.json');
const RECORD = join(import.meta.dirname, '..', 'captures', 'records', 'v1');
const HERE = kcidbOptions({});

const ajv = new Ajv2020({ allErrors: true, strict: true });
addFormats.default(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(FIXTURE, 'utf8')));

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

/** biome-ignore lint/suspicious/noExplicitAny: the schema is what says its form. */
type Document = any;

/** The document, which has to be valid. */
async function kcidbOf(
  events: readonly RunEvent[],
  dir: string | null = null,
  options = HERE,
): Promise<Document> {
  const text = await renderKcidb(viewOf(events), dir, options);
  expect(text).not.toMatch(CONTROL);
  const document: Document = JSON.parse(text);
  expect(validate(document), JSON.stringify(validate.errors, null, 1)).toBe(true);
  return document;
}

test('a run is valid KCIDB, and so are an unfinished, an empty and a real one', async () => {
  for (const events of [SAMPLE, BEGIN, BEGIN.slice(0, 1), []]) await kcidbOf(events);
  const record = await readRecord(RECORD);
  const { builds, tests } = await kcidbOf(record.events, record.dir);
  expect(builds.length).toBe(record.view.kernels.size);
  expect(tests.length).toBe(record.view.cells.size);
});

test('the schema in use refuses what KCIDB would', async () => {
  const broken: readonly ((document: Document) => unknown)[] = [
    (d) => delete d.version,
    (d) => delete d.tests[0].build_id,
    (d) => Object.assign(d.tests[0], { log_excerpt: 'x'.repeat(16_385) }),
    (d) => Object.assign(d.tests[0], { comment: '\0' }),
    (d) => Object.assign(d.tests[0], { path: 'a b' }),
    (d) => Object.assign(d.tests[0], { status: 'OK' }),
    (d) => Object.assign(d.tests[0], { start_time: 'yesterday' }),
    (d) => Object.assign(d.builds[0], { id: 'no origin' }),
    (d) => Object.assign(d.checkouts[0], { git_repository_url: 'git@example.org:linux' }),
  ];
  for (const spoil of broken) {
    const document = await kcidbOf(SAMPLE);
    spoil(document);
    expect(validate(document), String(spoil)).toBe(false);
  }
});

test('outcomes in the words of KCIDB', async () => {
  const { tests } = await kcidbOf(SAMPLE);
  const status = Object.fromEntries(tests.map((one: Document) => [one.misc.cell, one.status]));
  expect(status).toEqual({
    'old.hpet-on': 'PASS',
    'mid.hpet-on': 'FAIL',
    'new.hpet-on': 'FAIL', // flaky
    'old.hpet-off': 'SKIP',
    'mid.hpet-off': 'MISS', // infra-error
    'new.hpet-off': 'MISS', // lost
  });
  const silent = SAMPLE.map(
    (event): RunEvent =>
      event.type === 'cell-judged' && event.outcome === 'unexpected'
        ? { ...event, verdicts: ['no-evidence'] }
        : event,
  );
  expect((await kcidbOf(silent)).tests[1].status).toBe('ERROR');
});

test('a kernel that does not build fails its build; one that could not be had is missed', async () => {
  const failing = (verdicts: 'build-failed'[]): RunEvent[] => [
    ...BEGIN.filter((event) => event.type !== 'kernel-ready'),
    { type: 'kernel-failed', kernel: 'old', message: `tsc.c:7: error ${HOSTILE}`, hint: 'the log is in x' },
    {
      type: 'cell-judged',
      cell: 'old.hpet-on',
      outcome: 'unexpected',
      reason: 'it does not build',
      verdicts,
    },
  ];
  const built = await kcidbOf(failing(['build-failed']));
  expect(built.builds[0]).toMatchObject({
    status: 'FAIL',
    log_excerpt: expect.stringContaining('tsc.c:7: error'),
  });
  expect(built.checkouts[0].valid).toBe(false);
  expect(built.tests[0].status).toBe('MISS');
  expect((await kcidbOf(failing([]))).builds[0].status).toBe('MISS');
});

test('every id leads somewhere, and is the same for the same source in another run', async () => {
  const record = await readRecord(RECORD);
  const document = await kcidbOf(
    record.events,
    record.dir,
    kcidbOptions({ TSCMATRIX_KCIDB_ORIGIN: 'my_ci' }),
  );
  const ids = (name: string): Set<string> => new Set(document[name].map((one: Document) => one.id));
  for (const build of document.builds) expect(ids('checkouts')).toContain(build.checkout_id);
  for (const one of document.tests) expect(ids('builds')).toContain(one.build_id);
  expect(ids('tests').size).toBe(document.tests.length);
  for (const id of [...ids('checkouts'), ...ids('builds'), ...ids('tests')]) expect(id).toMatch(/^my_ci:/);

  const renamed = record.events.map((e) => (e.type === 'run-started' ? { ...e, run: 'another' } : e));
  const again = await kcidbOf(renamed, record.dir, kcidbOptions({ TSCMATRIX_KCIDB_ORIGIN: 'my_ci' }));
  expect(again.builds).toEqual(document.builds);
  expect(again.tests[0].id).not.toBe(document.tests[0].id);
});

/** The real record with one kernel's build facts changed. */
async function withBuild(change: Record<string, unknown>): Promise<Document> {
  const dir = join(scratch.path, 'run');
  cpSync(RECORD, dir, { recursive: true });
  const file = join(dir, 'provenance.json');
  const provenance = JSON.parse(readFileSync(file, 'utf8'));
  Object.assign(provenance.kernels[0], { build: { ...provenance.kernels[0].build, ...change } });
  writeFileSync(file, JSON.stringify(provenance));
  const record = await readRecord(dir);
  return kcidbOf(record.events, dir);
}

test('no patches have no hash', () => expect(patchsetHash([])).toBe(''));

test('a source in git is named by address and commit, without the password in the address', async () => {
  const commit = 'c0'.repeat(20);
  const repository = 'https://me:secret@git.example.org/linux.git';
  const document = await withBuild({ git: { repository, commit }, patches: [] });
  expect(document.checkouts[0]).toMatchObject({
    git_repository_url: 'https://git.example.org/linux.git',
    git_commit_hash: commit,
    patchset_hash: '',
  });
  const local = await withBuild({ git: { repository: '/src/linux', commit } });
  expect(local.checkouts[0]).not.toHaveProperty('git_repository_url');
  expect(local.checkouts[0].git_commit_hash).toBe(commit);
});

test('a packaged kernel names its package', async () => {
  const events = SAMPLE.map((event) =>
    event.type === 'kernel-ready'
      ? {
          ...event,
          origin: 'Debian bookworm: linux-image-6.1.0-56-cloud-amd64 6.1.192-2 (resolved on 2026-11-23)',
        }
      : event,
  );
  const { checkouts } = await kcidbOf(events);
  expect(checkouts[0].misc).toMatchObject({
    distribution: 'debian',
    suite: 'bookworm',
    package: 'linux-image-6.1.0-56-cloud-amd64',
    package_version: '6.1.192-2',
  });
});

/** The sample run in a folder, with this console for the cell that is unexpected. */
function withConsole(
  bytes: string | Buffer,
  folder = 'cells/mid.hpet-on/boot-1',
): { dir: string; events: RunEvent[] } {
  const dir = join(scratch.path, 'run', 'inner');
  const path = join(dir, folder, 'console.log');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  const events = SAMPLE.map(
    (event): RunEvent =>
      event.type === 'cell-finished' && event.cell === 'mid.hpet-on' ? { ...event, folder } : event,
  );
  return { dir, events };
}

test('the excerpt shows the cited line among its neighbours, with its number', async () => {
  const text = Array.from({ length: 20 }, (_, i) => `line ${i + 1} \u00fc`).join('\n');
  const { dir, events } = withConsole(text);
  const { tests } = await kcidbOf(events, dir);
  expect(tests[1].log_excerpt).toBe('6: line 6 \u00fc\n7: line 7 \u00fc\n8: line 8 \u00fc');
});

test('a long and hostile console is cut to the limit and holds nothing that acts', async () => {
  const hostile = Buffer.concat([
    Buffer.from([0x00, 0xff, 0xfe, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0xc3, 0x28]),
    Buffer.from(`${HOSTILE}\u{1f600}\u202e\n`),
  ]);
  const line = Buffer.concat([hostile.subarray(0, -1), Buffer.from(`${'\u{1f600}'.repeat(3000)}\n`)]);
  const { dir, events } = withConsole(Buffer.concat(Array.from({ length: 60 }, () => line)));
  const crashed = events.map(
    (event): RunEvent =>
      event.type === 'cell-finished' && event.cell === 'mid.hpet-on'
        ? { ...event, ending: { kind: 'panic' } }
        : event,
  );
  const { tests } = await kcidbOf(crashed, dir);
  const excerpt: string = tests[1].log_excerpt;
  expect([...excerpt].length).toBe(16_384);
  expect(excerpt).toMatch(/^\[cut\]\n/);
  expect(excerpt).toContain('60: ');
  expect(excerpt).not.toMatch(/[\u202e\ufffe]/);
});

test('a folder that leads out of the run is not read', async () => {
  const { dir, events } = withConsole('secret\n'.repeat(20), '../outside');
  expect(readFileSync(join(dir, '..', 'outside', 'console.log'), 'utf8')).toContain('secret');
  const { tests } = await kcidbOf(events, dir);
  expect(tests[1].log_excerpt).not.toContain('secret');
});

test('with the address of the published files each test names its own', async () => {
  const options = kcidbOptions({ TSCMATRIX_FILES_URL: 'https://ci.example.org/runs/7/' });
  const events = [...SAMPLE, finishedOf('old.hpet-on', {})].map((event) =>
    event.type === 'cell-finished' ? { ...event, folder: 'cells/a b/boot-1' } : event,
  );
  const { tests } = await kcidbOf(events, null, options);
  expect(tests[0].log_url).toBe('https://ci.example.org/runs/7/cells/a%20b/boot-1/console.log');
  expect(tests[0].output_files.map((file: Document) => file.name)).toContain('evidence.json');
  expect((await kcidbOf(SAMPLE)).tests[0]).not.toHaveProperty('log_url');
});

test.each([
  { TSCMATRIX_KCIDB_ORIGIN: 'My-CI' },
  { TSCMATRIX_FILES_URL: 'not an address' },
  { TSCMATRIX_FILES_URL: 'file:///etc' },
])('%j is the user’s error', (env) => {
  expect(() => kcidbOptions(env)).toThrow(UserError);
});
