// A hundred commits on a real kernel: the one that breaks it is found, commit for commit, by our search and by git's.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runTool } from '../../harness/host/process.ts';
import { LAUNCHER } from '../cli/tscmatrix.ts';
import { git } from '../kernel-build/fake-tree.ts';
import { BREAKS } from './linux-history.ts';
import { CELL, linuxSearch, MINUTES, mostBuilds, tested } from './linux-search.ts';

const search = linuxSearch();

/** What git's own bisect comes to when it is driven by the probe. */
function bisectRun(bad: string, good: string): string {
  const { repository } = search.history;
  git(repository, 'bisect', 'start', '--no-checkout', bad, good);
  git(repository, 'bisect', 'run', LAUNCHER, 'probe', ...CELL, '--commit', 'BISECT_HEAD');
  const log = git(repository, 'bisect', 'log');
  git(repository, 'bisect', 'reset');
  return log;
}

test(
  'the commit that breaks it',
  async () => {
    const { history } = search;
    const before = git(history.repository, 'rev-parse', 'HEAD', '--all');
    const broke = await search.bisect('--good', history.at(0), '--bad', history.at(66));
    expect(broke.culprit.id).toBe(history.at(BREAKS));
    expect(broke.gitSays).toBe(history.at(BREAKS));
    expect(broke.searched.candidates).toBe(66);
    expect(broke.builds).toBeGreaterThan(2);
    expect(broke.builds).toBeLessThanOrEqual(mostBuilds(66));
    expect(tested(broke)).toBeLessThanOrEqual(mostBuilds(66));
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
    // All that git itself chooses to test between these is in the cache.
    expect(bisectRun(history.at(BREAKS + 1), history.at(BREAKS - 2))).toContain(
      `# first bad commit: [${history.at(BREAKS)}]`,
    );
    expect(git(history.repository, 'rev-parse', 'HEAD', '--all')).toBe(before);
  },
  30 * MINUTES,
);
