// A run that is killed again and again comes to the record of a run that was left alone.
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { normalise } from '../../harness/record/normalise.ts';
import { readRecord } from '../../harness/record/reader.ts';
import type { RunEvent } from '../../harness/record/types.ts';
import { openWorkshop, type Ran, type Workshop } from '../cli/tscmatrix.ts';
import { builtKernel } from '../support/built-kernel.ts';
import { seeded } from '../support/seeded.ts';

const KILLS = 50;
const JOBS = ['--jobs', '2', '--reporter', 'none'];
let shop: Workshop;

beforeAll(async () => {
  shop = await openWorkshop();
  const { path } = await builtKernel();
  // Deterministic cells: a resumed run must be the same to the byte, whatever else the host does meanwhile.
  await shop.file(
    'killed.yaml',
    `version: 1
name: killed
kernels: { it: { image: ${path} } }
axes:
  append: [a=1, a=2, a=3, notsc]
expect:
  - registration: refined
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

/** Whether the log holds a first event; where not, nothing was lost with the folder. */
async function hasBegun(dir: string): Promise<boolean> {
  return (await readFile(join(dir, 'events.jsonl'), 'utf8').catch(() => '')).includes('\n');
}

/** Begins the run, or goes on with what a kill has left of it. Null where it was killed again. */
async function go(results: string, killAfterMs: number | null): Promise<Ran | null> {
  const dir = await runIn(results);
  const resume = dir !== null && (await hasBegun(dir));
  if (!resume) await rm(join(shop.folder, results), { recursive: true, force: true });
  const what = resume ? ['--resume', 'latest'] : ['killed.yaml', '--repeat', '1'];
  const started = shop.start(['run', ...what, '--results', results, ...JOBS]);
  const kill = killAfterMs === null ? null : setTimeout(() => started.child.kill('SIGKILL'), killAfterMs);
  const ran = await started.done;
  if (kill !== null) clearTimeout(kill);
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

  let kills = 0;
  let runs = 0;
  let resumed = 0;
  while (kills < KILLS) {
    const results = `stormy-${++runs}`;
    let ran: Ran | null = null;
    while (ran === null) {
      // Half of them early, where the record is begun or taken up again; the others wherever guests run.
      const latest = random() < 0.5 ? 1200 : 6000;
      ran = await go(results, kills < KILLS ? Math.floor(random() * latest) : null);
      if (ran === null) kills++;
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
    resumed += record.events.filter(({ type }) => type === 'run-resumed').length;
  }
  // The kills did not all come before there was anything to lose.
  expect(resumed).toBeGreaterThan(0);
}, 600_000);
