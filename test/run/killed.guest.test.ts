// A run that is killed again and again comes to the record of a run that was left alone.
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRecord } from '../../harness/record/reader.ts';
import type { RunEvent } from '../../harness/record/types.ts';
import { openWorkshop, type Ran, type Started, type Workshop } from '../cli/tscmatrix.ts';
import { builtKernel } from '../support/built-kernel.ts';
import { normalise } from '../support/normalise.ts';
import { seeded } from '../support/seeded.ts';

const KILLS = 50;
const JOBS = ['--jobs', '2', '--reporter', 'none'];
let shop: Workshop;

beforeAll(async () => {
  shop = await openWorkshop();
  const { path } = await builtKernel();
  // Deterministic cells: a resumed run must be the same to the byte, whatever else the host does meanwhile. Without the
  // local APIC timer, whose calibration is half of such a boot.
  await shop.file(
    'killed.yaml',
    `version: 1
name: killed
kernels: { it: { image: ${path} } }
axes:
  append: [noapictimer a=1, noapictimer a=2, noapictimer a=3, noapictimer a=4]
expect:
  - registration: refined
  # One cell is not as expected, and stays so.
  - { when: { append: noapictimer a=4 }, registration: never }
`,
  );
}, 900_000);
afterAll(() => shop.remove());

/** The only run in a results folder; null where none was begun. */
async function runIn(results: string): Promise<string | null> {
  const names = await readdir(join(shop.folder, results)).catch(() => []);
  const run = names.find((name) => name !== 'latest');
  return run === undefined ? null : join(shop.folder, results, run);
}

/** The whole lines of the log of the only run in a results folder. */
async function linesIn(results: string): Promise<string[]> {
  const dir = await runIn(results);
  const text = dir === null ? '' : await readFile(join(dir, 'events.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}

/** The type of the last whole event. */
async function lastEvent(results: string): Promise<string> {
  const line = (await linesIn(results)).at(-1);
  return line === undefined ? 'nothing' : (JSON.parse(line) as RunEvent).type;
}

interface Kill {
  /** So many events of the process's own are waited for; none: counted from its start. */
  readonly events: number;
  readonly afterMs: number;
}

/** Kills the process at a moment, wherever it is then; gives up where it has ended before. */
async function killAt(started: Started, results: string, eventsBefore: number, kill: Kill): Promise<void> {
  let over = false;
  void started.done.finally(() => {
    over = true;
  });
  while (!over && kill.events > 0 && (await linesIn(results)).length < eventsBefore + kill.events)
    await sleep(10);
  await sleep(kill.afterMs);
  started.child.kill('SIGKILL');
}

/** One in four while the program starts, most while guests start and run, the others about where their boots end. */
function someKill(random: () => number): Kill {
  const where = random();
  if (where < 0.25) return { events: 0, afterMs: Math.floor(random() * 1000) };
  if (where < 0.85) return { events: 1 + Math.floor(random() * 4), afterMs: Math.floor(random() * 2000) };
  return { events: 5 + Math.floor(random() * 4), afterMs: Math.floor(random() * 300) };
}

/** Begins the run, or goes on with what a kill has left of it. Null where it was killed again. */
async function go(results: string, kill: Kill | null): Promise<Ran | null> {
  // A log without a first event holds nothing that could be lost.
  const resume = (await linesIn(results)).length > 0;
  if (!resume) await rm(join(shop.folder, results), { recursive: true, force: true });
  const what = resume ? ['--resume', 'latest'] : ['killed.yaml', '--repeat', '1'];
  const eventsBefore = resume ? (await linesIn(results)).length : 0;
  const started = shop.start(['run', ...what, '--results', results, ...JOBS]);
  if (kill !== null) await killAt(started, results, eventsBefore, kill);
  const ran = await started.done;
  return ran.signal === 'SIGKILL' ? null : ran;
}

function count(events: readonly RunEvent[], type: 'cell-finished' | 'cell-judged'): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of events) if (event.type === type) counts[event.cell] = (counts[event.cell] ?? 0) + 1;
  return counts;
}

/** Every file of the run's folder, and the content of those that deterministic guests wrote. */
async function filesOf(dir: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const same = /\.deterministic.*\/(console\.log|evidence\.json|command\.sh)$/.test(path);
    files[path.slice(dir.length)] = same ? await readFile(path, 'latin1') : '';
  }
  return files;
}

test(`kill -9 at ${KILLS} moments: no cell is lost, none is run twice, and the record is the same`, async () => {
  const undisturbed = await go('calm', null);
  expect(undisturbed?.code, undisturbed?.stderr).toBe(1);
  const calm = (await runIn('calm')) as string;
  const expected = normalise(await readRecord(calm));
  const files = await filesOf(calm);
  const random = seeded(50);

  /** By the last event that the log held. */
  const moments: Record<string, number> = {};
  let kills = 0;
  let runs = 0;
  let resumed = 0;
  let again = 0;
  while (kills < KILLS) {
    const results = `stormy-${++runs}`;
    let ran: Ran | null = null;
    while (ran === null) {
      ran = await go(results, kills < KILLS ? someKill(random) : null);
      if (ran !== null) continue;
      kills++;
      const last = await lastEvent(results);
      moments[last] = (moments[last] ?? 0) + 1;
    }
    expect(ran.code, ran.stderr).toBe(1);
    const dir = (await runIn(results)) as string;
    const record = await readRecord(dir);
    const ids = [...record.view.cells.keys()];
    expect(ids).toHaveLength(4);
    const once = Object.fromEntries(ids.map((id) => [id, 1]));
    expect(count(record.events, 'cell-finished')).toEqual(once);
    expect(count(record.events, 'cell-judged')).toEqual(once);
    expect(normalise(record)).toEqual(expected);
    expect(await filesOf(dir)).toEqual(files);
    for (const event of record.events) {
      if (event.type !== 'run-resumed') continue;
      resumed++;
      again += event.again.length;
    }
  }
  // The kills did come while there was something to lose: the record had begun, guests ran, boots were broken off.
  const seen = JSON.stringify({ runs, resumed, again, moments });
  expect(resumed, seen).toBeGreaterThanOrEqual(KILLS / 3);
  expect(again, seen).toBeGreaterThanOrEqual(KILLS / 5);
}, 1_200_000);
