// A hundred commits on a real kernel: the one that breaks it and the one that repairs it are found, commit for commit.
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recipeOf } from '../../harness/bisect/prepare.ts';
import { openCache } from '../../harness/host/cache.ts';
import { runTool } from '../../harness/host/process.ts';
import { acquireCommit, planCommit } from '../../harness/kernel/make/commit.ts';
import { LAUNCHER, openWorkshop, processesOf, type Workshop } from '../cli/tscmatrix.ts';
import { git } from '../kernel-build/fake-tree.ts';
import { builtKernel } from '../support/built-kernel.ts';
import { BREAKS, type LinuxHistory, makeLinuxHistory, REPAIRS } from './linux-history.ts';

const MINUTES = 60_000;
/** A KVM guest whose reads of the PM timer are slow: the field report's failure. tsc is to be registered all the same. */
const CELL = ['--cell', 'topology=nested,hpet=off', '--expect', 'margin=20us'];

let shop: Workshop;
let history: LinuxHistory;
beforeAll(async () => {
  shop = await openWorkshop();
  history = await makeLinuxHistory(join(shop.folder, 'linux'), randomBytes(8).toString('hex'));
}, 5 * MINUTES);
afterAll(async () => {
  // A test that took too long has left its search running.
  for (const pid of await processesOf(shop)) process.kill(pid, 'SIGKILL');
  while ((await processesOf(shop)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const cache = await openCache();
  const { folder } = await planCommit(history.repository, 'main', recipeOf({ patch: [] }, null), { cache });
  await rm(folder, { recursive: true, force: true });
  await shop.remove();
}, 2 * MINUTES);

async function bisect(...args: string[]) {
  const ran = await shop.run(['bisect', '--repo', 'linux', ...CELL, ...args, '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout);
}

/** A user's own question about the same guest, and not about how tsc ended. */
const OWN_TEST = `#!/bin/sh
tr ' ' '\\n' < /sys/devices/system/clocksource/clocksource0/available_clocksource | grep -qx tsc
`;

/** What git's own bisect comes to when it is driven by the probe, which asks what `asked` says. */
function bisectRun(bad: string, good: string, asked: readonly string[]): string {
  const { repository } = history;
  git(repository, 'bisect', 'start', '--no-checkout', bad, good);
  git(repository, 'bisect', 'run', LAUNCHER, 'probe', ...asked, '--commit', 'BISECT_HEAD');
  const log = git(repository, 'bisect', 'log');
  git(repository, 'bisect', 'reset');
  return log;
}

/** Commits whose kernel there was, whether it was built or found: all but skips. */
const tested = (report: { steps: readonly { verdict: string }[] }): number =>
  report.steps.filter(({ verdict }) => verdict !== 'skipped').length;

const mostBuilds = (candidates: number): number => Math.ceil(Math.log2(candidates)) + 2;

/** The commit that breaks it; what its script says again. */
async function findBroken(): Promise<void> {
  const broke = await bisect('--good', history.at(12), '--bad', history.at(54));
  expect(broke.culprit.id).toBe(history.at(BREAKS));
  expect(broke.gitSays).toBe(history.at(BREAKS));
  expect(broke.searched.candidates).toBe(42);
  expect(broke.builds).toBeGreaterThan(2);
  expect(broke.builds).toBeLessThanOrEqual(mostBuilds(42));
  expect(tested(broke)).toBeLessThanOrEqual(mostBuilds(42));
  expect(broke.culprit.files).toEqual(['arch/x86/kernel/kvmclock.c', 'arch/x86/kernel/tsc.c']);
  expect(broke.culprit.diff).toContain('SMI_TRESHOLD');
  // The middle of that range does not compile.
  expect(broke.skips).toBeGreaterThan(0);
  // Each kernel once, the answer and its parent twice; what is the same image as another one is not booted anew.
  expect(broke.boots).toBeLessThanOrEqual(tested(broke) + 2);
  const again = await runTool('sh', [join(broke.folder, 'again.sh')], { env: { TSCMATRIX: LAUNCHER } });
  expect(again.stdout.match(/^[0-9a-f]{40}(?=: as in the search$)/gm)).toEqual(
    [BREAKS - 1, BREAKS].map(history.at),
  );
}

/** The same by the other terms. Few commits: test/bisect/search.cli.test.ts has long searches by them. */
async function findRepaired(): Promise<void> {
  const repaired = await bisect('--old', history.at(REPAIRS - 1), '--new', history.at(REPAIRS + 1));
  expect(repaired.culprit.id).toBe(history.at(REPAIRS));
  expect(repaired.searched.candidates).toBe(2);
  expect(repaired.builds).toBeLessThanOrEqual(mostBuilds(2));
}

/** Two nights of a matrix whose kernel moved on from one commit to the next: what `compare` says to type. */
async function compareNights(): Promise<void> {
  const [good, bad] = [history.at(BREAKS - 1), history.at(BREAKS)];
  const runs: string[] = [];
  for (const ref of [good, bad]) {
    const matrix = await shop.file(
      'nightly.yaml',
      `version: 1
kernels: { linux: { source: { git: linux, ref: ${ref} }, config: { base: guest } } }
defaults: { topology: nested, hpet: off, ref-delay: 20us, probe: brief }
`,
    );
    const ran = await shop.run(['run', matrix, '--results', 'nights', '--json']);
    expect(ran.code, ran.stderr).toBe(ref === good ? 0 : 1);
    runs.push(JSON.parse(ran.stdout).run);
  }
  const compared = await shop.run(['confirm', ...runs, '--results', 'nights', '--json']);
  expect(compared.code, compared.stderr).toBe(1);
  // The kernel of the night before does as it did then.
  expect(JSON.parse(compared.stdout).confirmations).toEqual([
    expect.objectContaining({
      kind: 'kernel',
      after: { boots: 1, worse: 1 },
      before: { boots: 1, worse: 0 },
    }),
  ]);
  const cell = `${join(shop.folder, 'nightly.yaml')}#linux.nested.deterministic`;
  const words = `tscmatrix bisect --repo ${history.repository} --good ${good} --bad ${bad} --cell ${cell}`;
  expect(JSON.parse(compared.stdout).bisections).toEqual([
    { kernel: 'linux', cells: 1, command: expect.stringContaining(words) },
  ]);
}

test(
  "the first commit starts from the build of Debian's tree, and its image is that one to the byte",
  async () => {
    const debian = await builtKernel();
    const cache = await openCache();
    const recipe = recipeOf({ patch: [] }, null);
    const first = await planCommit(history.repository, history.at(0), recipe, { cache });
    const image = await acquireCommit(first, { cache });
    expect(image.cached).toBe(false);
    expect(image.sha256).toBe(debian.sha256);
    expect(image.build?.steps).toBeLessThan(200);
  },
  20 * MINUTES,
);

test(
  'the commit that breaks it, and the one that repairs it',
  async () => {
    const before = git(history.repository, 'rev-parse', 'HEAD', '--all');
    await findBroken();
    await findRepaired();
    // All that is tested between these is in the cache.
    const [good, bad] = [history.at(BREAKS - 2), history.at(BREAKS + 1)];
    const firstBad = `# first bad commit: [${history.at(BREAKS)}]`;
    const own = ['--cell', `${CELL[1]},ref-delay=20us`, '--test', await shop.file('t.sh', OWN_TEST)];
    expect(bisectRun(bad, good, own)).toContain(firstBad);
    const failed = await shop.run([
      'bisect',
      '--repo',
      'linux',
      '--good',
      good,
      '--bad',
      bad,
      ...own,
      '--json',
    ]);
    expect(failed.code, failed.stderr).toBe(0);
    const found = JSON.parse(failed.stdout);
    expect(found.culprit.id).toBe(history.at(BREAKS));
    expect(JSON.stringify(found.steps)).toContain('test t: fail');
    await compareNights();
    expect(git(history.repository, 'rev-parse', 'HEAD', '--all')).toBe(before);
  },
  40 * MINUTES,
);
