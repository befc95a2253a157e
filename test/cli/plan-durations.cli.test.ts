import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadMatrix } from '../../harness/matrix/load.ts';
import { parseDurations } from '../../harness/plan/durations.ts';
import { makePlan } from '../../harness/plan/expand.ts';
import { openWorkshop } from './tscmatrix.ts';

const QUICK = new URL('../../matrices/quick.yaml', import.meta.url).pathname;
const RECORDS = new URL('../captures/records', import.meta.url).pathname;

test('plan --durations makes the file of run --durations from the recorded runs', async () => {
  const shop = await openWorkshop();
  onTestFinished(() => shop.remove());
  // The history is made beside the records.
  await cp(RECORDS, join(shop.folder, 'records'), { recursive: true });
  const ran = await shop.run(['plan', QUICK, '--durations', '--results', 'records']);
  expect(ran.code, ran.stderr).toBe(0);
  const { cells, hosts } = parseDurations(ran.stdout, 'stdout');
  expect(hosts).toBeNull();
  // The recorded run has other kernels: what its guests took stands for these.
  expect([...cells.keys()]).toEqual(makePlan(await loadMatrix(QUICK), []).cells.map(({ id }) => id));
  for (const ms of cells.values()) expect(ms).toBeGreaterThan(100);
});

test('without a recorded run it says so', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'tscmatrix-test-'));
  onTestFinished(() => rm(empty, { recursive: true, force: true }));
  const shop = await openWorkshop();
  onTestFinished(() => shop.remove());
  const ran = await shop.run(['plan', QUICK, '--durations', '--results', empty]);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('says how long a guest takes');
});
