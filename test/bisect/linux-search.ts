/** A search over a hundred commits on a real kernel, as a user starts it. Each test file has a history of its own. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { recipeOf } from '../../harness/bisect/prepare.ts';
import { openCache } from '../../harness/host/cache.ts';
import { planCommit } from '../../harness/kernel/make/commit.ts';
import { openWorkshop, processesOf, type Workshop } from '../cli/tscmatrix.ts';
import { type LinuxHistory, makeLinuxHistory } from './linux-history.ts';

export const MINUTES = 60_000;
/** A KVM guest whose reads of the PM timer are slow: the field report's failure. tsc is to be registered all the same. */
export const CELL = ['--cell', 'topology=nested,hpet=off', '--expect', 'margin=20us'];

export interface LinuxSearch {
  readonly history: LinuxHistory;
  /** The report of a search that has to end well. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON that a user would read
  bisect(...args: string[]): Promise<any>;
}

/** Made before the tests of a file, and removed after them with what it left in the cache. */
export function linuxSearch(): LinuxSearch {
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
  return {
    get history() {
      return history;
    },
    async bisect(...args) {
      const ran = await shop.run(['bisect', '--repo', 'linux', ...CELL, ...args, '--json']);
      expect(ran.code, ran.stderr).toBe(0);
      return JSON.parse(ran.stdout);
    },
  };
}

/** Commits whose kernel there was, whether it was built or found: all but skips. */
export const tested = (report: { steps: readonly { verdict: string }[] }): number =>
  report.steps.filter(({ verdict }) => verdict !== 'skipped').length;

export const mostBuilds = (candidates: number): number => Math.ceil(Math.log2(candidates)) + 2;
