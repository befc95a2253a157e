// A hundred commits on a real kernel: the one that repairs it is found, commit for commit.
import { expect, test } from 'vitest';
import { git } from '../kernel-build/fake-tree.ts';
import { REPAIRS } from './linux-history.ts';
import { linuxSearch, MINUTES, mostBuilds, tested } from './linux-search.ts';

const search = linuxSearch();

test(
  'the commit that repairs it',
  async () => {
    const { history } = search;
    const before = git(history.repository, 'rev-parse', 'HEAD', '--all');
    const repaired = await search.bisect('--old', history.at(30), '--new', history.at(100));
    expect(repaired.culprit.id).toBe(history.at(REPAIRS));
    expect(repaired.searched.candidates).toBe(70);
    expect(repaired.builds).toBeLessThanOrEqual(mostBuilds(70));
    expect(tested(repaired)).toBeLessThanOrEqual(mostBuilds(70));
    expect(git(history.repository, 'rev-parse', 'HEAD', '--all')).toBe(before);
  },
  30 * MINUTES,
);
