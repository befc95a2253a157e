/** Plots as SVG text. */

import { expect, test } from 'vitest';
import { create } from 'xmlbuilder2';
import { decades, shortNumber } from '../../harness/base/plot/axis.ts';
import { readCostPlot } from '../../harness/report/plot/read-costs.ts';

const COSTS = [
  { label: 'PM timer', min: 5_000, median: 5_724, p90: 6_000, max: 9_000 },
  { label: 'a <b> & "c"', min: 0, median: 12, p90: 12, max: 12 },
];
const LIMIT = { label: 'limit 31,250', cycles: 31_250 };

function numbers(svg: string, pattern: RegExp): number[] {
  return [...svg.matchAll(pattern)].map((match) => Number(match[1]));
}

test('a read-cost plot is well-formed, and says in words what it shows', () => {
  const svg = readCostPlot(COSTS, [LIMIT]);
  expect(() => create(svg)).not.toThrow();
  expect(svg).toContain('a &lt;b&gt; &amp; &quot;c&quot;');
  expect(svg).toContain('PM timer: median 5724 cycles, from 5000 to 9000');
  expect(svg).not.toMatch(/NaN|Infinity|style=|fill="|<script/);
});

test('costs stand in their order, and left of a limit that they do not reach', () => {
  const svg = readCostPlot(COSTS, [LIMIT]);
  const [slow = 0, fast = 0] = numbers(svg, /<circle cx="([\d.]+)"/g);
  const [limit = 0] = numbers(svg, /<line x1="([\d.]+)"[^>]*class="limit"/g);
  expect(fast).toBeLessThan(slow);
  expect(slow).toBeLessThan(limit);
  const over = readCostPlot([{ label: 'x', min: 40_000, median: 50_000, p90: 50_000, max: 60_000 }], [LIMIT]);
  const [median = 0] = numbers(over, /<circle cx="([\d.]+)"/g);
  expect(median).toBeGreaterThan(numbers(over, /<line x1="([\d.]+)"[^>]*class="limit"/g)[0] ?? 0);
});

test('ticks are powers of ten, and numbers are short', () => {
  expect(decades(5, 20_000)).toEqual([10, 100, 1000, 10_000]);
  expect([5, 1200, 31_250, 5_000_000].map(shortNumber)).toEqual(['5', '1,200', '31.3 k', '5 M']);
});
