// Shards, and the same cells on several hosts, to one run; and all that keeps blobs from being one.
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { planSha256 } from '../../harness/plan/shard.ts';
import { writeBlob } from '../../harness/record/blob/blob-write.ts';
import { mergeBlobs } from '../../harness/record/merge/merge.ts';
import { hostsDisagree, mergeHosts } from '../../harness/record/merge/merge-common.ts';
import { readRecord } from '../../harness/record/reader.ts';
import type { HostJudgement, RunEvent } from '../../harness/record/types.ts';
import { rejudge } from '../../harness/run/rejudge.ts';
import { normalise } from '../support/normalise.ts';

const V1 = join(import.meta.dirname, '..', 'captures', 'records', 'v1');
type Raw = Record<string, unknown> & { type: string };

let scratch: Scratch;
let results: string;
/** The events of a whole run of four cells, and their ids. */
let events: Raw[];
let ids: string[];
beforeEach(async () => {
  scratch = await makeScratch();
  results = join(scratch.path, 'results');
  events = readFileSync(join(V1, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Raw);
  ids = (await wholeCells()).map(({ id }) => id);
});
afterEach(() => scratch.remove());

async function wholeCells(): Promise<{ id: string }[]> {
  return [...(await readRecord(V1)).view.cells.values()].map(({ cell }) => cell);
}

const idOf = ({ cell }: Raw): string | undefined =>
  typeof cell === 'string' ? cell : (cell as { id: string } | undefined)?.id;

interface Change {
  readonly label?: string;
  /** The cells of the run, and of its shard where that is told. */
  readonly own?: readonly string[];
  readonly shard?: { readonly index: number; readonly of: number };
  readonly event?: (event: Raw) => Raw | null;
  readonly provenance?: (text: string) => string;
}

/** A run like the captured one, changed, as a blob. */
async function blob(name: string, change: Change = {}): Promise<string> {
  const dir = join(scratch.path, name);
  const own = change.own ?? ids;
  cpSync(V1, dir, {
    recursive: true,
    filter: (path) =>
      !path.includes('/cells/') ||
      own.some((id) => path.includes(`/cells/${id}/`) || path.endsWith(`/cells/${id}`)),
  });
  const [{ matrix }] = events as [{ matrix: { sha256: string } } & Raw];
  const planCells = ids;
  const digest = planSha256({ matrixSha256: matrix.sha256, cells: (await wholeCells()) as never });
  const shard = change.shard && {
    ...change.shard,
    planSha256: digest,
    planCells,
    own: own.map((id) => ids.indexOf(id)),
  };
  const kept = events
    .filter((event) => idOf(event) === undefined || own.includes(idOf(event) ?? ''))
    .map((event) => (event.type === 'run-started' && shard ? { ...event, shard } : event))
    .flatMap((event) => (change.event ? (change.event(event) ?? []) : event))
    .map((event, seq) => JSON.stringify({ ...event, seq }));
  writeFileSync(join(dir, 'events.jsonl'), `${kept.join('\n')}\n`);
  if (change.provenance) {
    const path = join(dir, 'provenance.json');
    writeFileSync(path, change.provenance(readFileSync(path, 'utf8')));
  }
  const file = join(scratch.path, `${name}.blob`);
  await writeBlob(dir, file, change.label ?? name);
  return file;
}

const half = (n: number): string[] => ids.filter((_, i) => i % 2 === n - 1);
const shards = (): Promise<string[]> =>
  Promise.all([1, 2].map((n) => blob(`s${n}`, { own: half(n), shard: { index: n, of: 2 } })));

async function refusal(files: readonly string[]): Promise<string> {
  const error = await mergeBlobs(files, results).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  // Nothing was written.
  expect(readdirSync(scratch.path)).not.toContain('results');
  return (error as UserError).message;
}

test('shards in any order are the whole run again, with the files of every boot', async () => {
  const files = await shards();
  for (const order of [files, files.toReversed()]) {
    const { dir, exitCode, disagreements } = await mergeBlobs(order, results);
    const record = await readRecord(dir);
    expect(record.problems).toEqual([]);
    const cells = (normalise(record) as { cells: unknown }).cells;
    expect(cells).toEqual((normalise(await readRecord(V1)) as { cells: unknown }).cells);
    expect([...record.view.cells.keys()]).toEqual(ids);
    expect(exitCode).toBe(1);
    expect(disagreements).toEqual([]);
    expect(record.view.merged?.parts.map(({ label, shard }) => [label, shard])).toEqual([
      ['s1', { index: 1, of: 2 }],
      ['s2', { index: 2, of: 2 }],
    ]);
    expect(readdirSync(dir).sort()).toEqual([
      'cells',
      'events.jsonl',
      'provenance-1.json',
      'provenance-2.json',
      'provenance.json',
    ]);
    for (const { judged, boots } of record.view.cells.values()) {
      expect(judged?.hosts).toBeUndefined();
      for (const { finished } of boots) {
        const path = join(finished?.folder ?? '', 'console.log');
        expect(readFileSync(join(dir, path)).equals(readFileSync(join(V1, path)))).toBe(true);
      }
    }
  }
});

test('a shard that has no cells is part of the whole', async () => {
  const one = await blob('one', { shard: { index: 1, of: 2 } });
  const none = await blob('none', { own: [], shard: { index: 2, of: 2 } });
  const { dir } = await mergeBlobs([none, one], results);
  expect((await readRecord(dir)).view.cells.size).toBe(4);
  expect(await refusalBeside([one])).toMatch(/shard 2\/2 is missing: 0 cells/);
});

/** As refusal(), where there are results already. */
async function refusalBeside(files: readonly string[]): Promise<string> {
  const before = readdirSync(results);
  const error = await mergeBlobs(files, results).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  expect(readdirSync(results)).toEqual(before);
  return (error as UserError).message;
}

test('a missing shard is named, with its cells', async () => {
  const [, second] = (await shards()) as [string, string];
  const message = await refusal([second]);
  expect(message).toContain('shard 1/2 is missing: 2 cells');
  for (const id of half(1)) expect(message).toContain(id);
});

test('the same shard twice from one host is refused', async () => {
  const files = await shards();
  const again = await blob('again', { label: 's2', own: half(2), shard: { index: 2, of: 2 } });
  expect(await refusal([...files, again])).toMatch(
    /s2\.blob \(shard 2\/2 on s2\) and again\.blob \(shard 2\/2 on s2\) both have 2 cells/,
  );
  expect(await refusal([files[0] ?? '', files[0] ?? '', files[1] ?? ''])).toMatch(/both have 2 cells/);
});

test('shards that were split differently are refused', async () => {
  const one = await blob('one', { own: ids.slice(0, 3), shard: { index: 1, of: 2 } });
  const two = await blob('two', { own: ids.slice(2), shard: { index: 2, of: 2 } });
  expect(await refusal([one, two])).toMatch(/several shards have 1 cell: .*different --durations/);
  const short = await blob('short', { own: ids.slice(3), shard: { index: 2, of: 2 } });
  const shorter = await blob('shorter', { own: ids.slice(0, 2), shard: { index: 1, of: 2 } });
  expect(await refusal([shorter, short])).toMatch(/no shard of 2 has 1 cell/);
});

test('a run that was cut off is refused, with the cells that it lacks', async () => {
  const [first] = (await shards()) as [string, string];
  const cut = await blob('cut', {
    own: half(2),
    shard: { index: 2, of: 2 },
    event: (event) =>
      event.type === 'run-finished' || (event.type === 'cell-judged' && event.cell === half(2)[0])
        ? null
        : event,
  });
  expect(await refusal([first, cut])).toContain(`it was cut off; it lacks 1 cell: ${half(2)[0]}`);
});

test('everything that is wrong is said at once', async () => {
  const [first] = (await shards()) as [string, string];
  const sha256 = 'cd'.repeat(32);
  const other = await blob('other', {
    own: half(2),
    shard: { index: 2, of: 2 },
    event: (event) => {
      if (event.type === 'run-started')
        return {
          ...event,
          matrix: { ...(event.matrix as object), sha256 },
          options: { ...(event.options as object), repeat: 3 },
        };
      return event.type === 'kernel-ready' ? { ...event, sha256 } : event;
    },
  });
  writeFileSync(join(scratch.path, 'damaged.blob'), 'no blob');
  const message = await refusal([
    first,
    other,
    join(scratch.path, 'damaged.blob'),
    join(scratch.path, 'none.blob'),
  ]);
  expect(message).toMatch(/for \d reasons/);
  for (const part of [
    'damaged.blob cannot be used as a blob',
    'none.blob: ENOENT',
    `the matrix differs: every-outcome, sha256`,
    '--repeat differs: 1 in s1.blob; 3 in other.blob',
    'the kernel built-6.1 differs',
  ])
    expect(message).toContain(part);
});

test('other filters make another plan', async () => {
  const whole = await blob('whole');
  const part = await blob('part', { own: half(1), label: 'elsewhere' });
  expect(await refusal([whole, part])).toMatch(
    /the plan differs: 4 cells, digest \w+ in whole\.blob; 2 cells, digest/,
  );
});

test('records of a newer version, and merged ones, are refused', async () => {
  const newer = await blob('newer', {
    event: (event) => (event.type === 'run-started' ? { ...event, version: 99 } : event),
  }).catch((error: unknown) => error);
  // It is refused when it is packed already.
  expect((newer as Error).message).toContain('record version 99');
  const { dir } = await mergeBlobs(await shards(), results);
  const file = join(scratch.path, 'merged.blob');
  await writeBlob(dir, file, 'm');
  expect(await refusalBeside([file])).toContain('it is a merged run itself');
});

/** What a host says that found a cell's tsc never registered. */
function never(id: string): (event: Raw) => Raw {
  return (event) => {
    if (event.cell !== id) return event;
    if (event.type === 'cell-finished')
      return { ...event, observation: { ...(event.observation as object), verdict: 'never' } };
    return event.type === 'cell-judged'
      ? { ...event, outcome: 'unexpected', reason: 'never instead of refined', verdicts: ['never'] }
      : event;
  };
}

test('the same cells on two hosts: the worst counts, and where they disagree is shown', async () => {
  const [id = ''] = ids;
  const amd = await blob('amd');
  const intel = await blob('intel', {
    event: never(id),
    provenance: (text) => text.replaceAll('AMD EPYC', 'Intel Xeon'),
  });
  const { dir, disagreements } = await mergeBlobs([intel, amd], results);
  expect(disagreements.map(({ cell }) => cell)).toEqual([id]);
  const { view, provenance, problems } = await readRecord(dir);
  expect(problems).toEqual([]);
  const cell = view.cells.get(id);
  expect(cell?.judged).toMatchObject({
    outcome: 'unexpected',
    reason: 'hosts disagree (amd: refined; intel: never); on intel: never instead of refined',
    verdicts: ['refined', 'never'],
    hosts: [
      { label: 'amd', outcome: 'expected' },
      { label: 'intel', outcome: 'unexpected' },
    ],
  });
  expect(cell?.boots.map(({ boot, finished }) => [boot, finished?.host, finished?.folder])).toEqual([
    [1, 'amd', `cells/${id}/boot-1`],
    [2, 'intel', `cells/${id}/boot-2`],
  ]);
  expect(readFileSync(join(dir, 'cells', id, 'boot-2', 'boot.json'))).toBeTruthy();
  expect([...view.hosts.keys()]).toEqual(['amd', 'intel']);
  expect(provenance?.host.cpu).toEqual({
    value: null,
    reason: 'the hosts differ: amd: AMD EPYC; intel: Intel Xeon',
  });
  expect(provenance?.host.cpus).toBe(2);
  // Judged again each host is judged by itself; the consoles here are the same.
  const again = (await rejudge(await readRecord(dir))).find((one) => one.cell === id);
  expect(again?.now).toMatchObject({ outcome: 'expected', verdicts: ['refined', 'refined'] });
  expect(again?.recorded.outcome).toBe('unexpected');
});

test('two machines with one label are told apart by their shards', async () => {
  const files = await Promise.all(
    [1, 2].map((n) =>
      blob(`m${n}`, {
        label: 'ci',
        own: half(n),
        shard: { index: n, of: 2 },
        provenance: (text) => text.replaceAll('AMD EPYC', `CPU ${n}`),
      }),
    ),
  );
  const { dir } = await mergeBlobs(files, results);
  expect((await readRecord(dir)).view.merged?.parts.map(({ label }) => label)).toEqual(['ci-1', 'ci-2']);
});

test('a log that names folders elsewhere is refused', async () => {
  const sly = await blob('sly', {
    event: (event) => (event.type === 'cell-finished' ? { ...event, folder: '../../outside' } : event),
  });
  expect(await refusal([sly])).toMatch(/it has no console of 3 boots/);
  const rename = (event: Raw): Raw =>
    JSON.parse(JSON.stringify(event).replaceAll(`"${ids[0]}"`, '"../../outside"')) as Raw;
  const dir = join(scratch.path, 'renamed');
  mkdirSync(dirname(dir), { recursive: true });
  const renamed = await blob('renamed', { event: rename });
  expect(await refusal([renamed])).toMatch(/ids that cannot be names of folders: "\.\.\/\.\.\/outside"/);
});

const said = (
  label: string,
  outcome: HostJudgement['outcome'],
  ...verdicts: HostJudgement['verdicts']
): HostJudgement => ({
  label,
  outcome,
  reason: `${label} says so`,
  verdicts,
});

test.each([
  [['expected', 'unexpected'], 'unexpected'],
  [['flaky', 'unexpected', 'infra-error'], 'unexpected'],
  [['infra-error', 'expected'], 'infra-error'],
  [['skipped', 'expected'], 'expected'],
  [['skipped', 'skipped'], 'skipped'],
] as const)('of %j the worst is %s', (outcomes, worst) => {
  const hosts = outcomes.map((outcome, i) => said(`h${i}`, outcome));
  expect(mergeHosts(hosts).outcome).toBe(worst);
});

test('a host that could not run a cell does not disagree with one that did', () => {
  const ran = said('a', 'expected', 'refined');
  expect(hostsDisagree([ran, said('b', 'skipped')])).toBe(false);
  expect(hostsDisagree([ran, said('b', 'infra-error', 'infra-error')])).toBe(false);
  expect(hostsDisagree([ran, said('b', 'expected', 'unrefined')])).toBe(true);
  expect(hostsDisagree([ran, said('b', 'expected', 'refined', 'refined')])).toBe(false);
  expect(mergeHosts([ran])).toEqual({ outcome: 'expected', reason: 'a says so', verdicts: ['refined'] });
});

test('events of a merged record are told as they are written', async () => {
  const told: RunEvent[] = [];
  const { dir } = await mergeBlobs(await shards(), results, (event) => void told.push(event));
  expect((await readRecord(dir)).events).toEqual(told);
});

test('a merge that fails on its way leaves no run, and latest where it was', async () => {
  const file = await blob('a');
  const { dir } = await mergeBlobs([file], results);
  const before = readdirSync(results).sort();
  const failing = mergeBlobs([file], results, (event) => {
    if (event.type === 'run-merged') throw new Error('the view fell over');
  });
  await expect(failing).rejects.toThrow('the view fell over');
  expect(readdirSync(results).sort()).toEqual(before);
  expect(realpathSync(join(results, 'latest'))).toBe(dir);
});
