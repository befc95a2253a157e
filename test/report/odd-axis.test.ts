import { expect, test } from 'vitest';
import { filterBar } from '../../harness/report/html/filters.ts';

type Entry = Parameters<typeof filterBar>[0][number];

test.each(['toString', 'constructor', 'valueOf', 'hasOwnProperty'])('an axis may be called %s', (axis) => {
  const entry = (id: string, axes: Record<string, string>): Entry =>
    ({ id, row: id, axes, figures: {}, verdicts: [], causes: [] }) as unknown as Entry;
  const bar = filterBar([entry('a', { [axis]: 'one' }), entry('b', {})], []).markup;
  expect(bar).toContain('>one</option>');
  expect(bar).not.toContain('native code');
});
