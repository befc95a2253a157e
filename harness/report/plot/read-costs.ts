/** What one read of each reference counter costs the guest, against what its kernel accepts of a sample. */
import { scaleLog } from 'd3-scale';
import { bottomAxis, decades, shortNumber } from '../../base/plot/axis.ts';
import { drawing, element, line, textAt } from '../../base/plot/svg.ts';

interface ReadCost {
  readonly label: string;
  readonly min: number;
  readonly median: number;
  readonly p90: number;
  readonly max: number;
}
interface Limit {
  readonly label: string;
  readonly cycles: number;
}

const WIDTH = 560;
const LEFT = 118;
/** Room for the figure beside the longest whisker. */
const RIGHT = WIDTH - 50;
/** Of a letter of a label; no font of the page is wider on average. */
const LETTER = 6.8;
const ROW = 34;
const TOP = 26;

/** Costs in TSC cycles on a logarithmic scale: whiskers from least to most, a box from median to 90th percentile. */
export function readCostPlot(costs: readonly ReadCost[], limits: readonly Limit[]): string {
  const values = [...costs.flatMap((cost) => [cost.min, cost.max]), ...limits.map((limit) => limit.cycles)];
  // A cost of zero is one that rounds to it; the scale has none.
  const low = 10 ** Math.floor(Math.log10(Math.max(1, Math.min(...values) / 1.5)));
  const high = Math.max(...values, low * 10) * 1.6;
  const scale = scaleLog([low, high], [LEFT, RIGHT]);
  const x = (cycles: number): number => scale(Math.max(cycles, low));
  const bottom = TOP + ROW * costs.length;
  return drawing(
    WIDTH,
    bottom + 38,
    titleOf(costs, limits),
    bottomAxis(scale, {
      y: bottom,
      top: TOP,
      ticks: decades(low, high),
      format: shortNumber,
      title: 'TSC cycles, logarithmic',
    }),
    ...limits.map((limit) => limitMark(x(limit.cycles), bottom, limit)),
    ...costs.map((cost, i) => costRow(cost, TOP + ROW * (i + 0.5), x)),
  );
}

/** The label stands over its line, moved as far as it takes to be whole. */
function limitMark(x: number, bottom: number, limit: Limit): string {
  const half = (limit.label.length * LETTER) / 2;
  const middle = Math.min(Math.max(x, half), WIDTH - half);
  return (
    line(x, TOP - 8, x, bottom, 'limit') +
    textAt(middle, TOP - 13, limit.label, { class: 'limit-label', 'text-anchor': 'middle' })
  );
}

function costRow(cost: ReadCost, y: number, x: (cycles: number) => number): string {
  const [min, median, p90, max] = [x(cost.min), x(cost.median), x(cost.p90), x(cost.max)];
  return element(
    'g',
    {},
    textAt(LEFT - 10, y + 4, cost.label, { class: 'label', 'text-anchor': 'end' }),
    line(min, y, max, y, 'whisker'),
    line(min, y - 5, min, y + 5, 'whisker'),
    line(max, y - 5, max, y + 5, 'whisker'),
    element('rect', {
      x: median - 1,
      y: y - 7,
      width: Math.max(2, p90 - median + 1),
      height: 14,
      rx: 2,
      class: 'box',
    }),
    element('circle', { cx: median, cy: y, r: 4.5, class: 'median' }),
    textAt(max + 10, y + 4, shortNumber(cost.median), { class: 'value' }),
  );
}

function titleOf(costs: readonly ReadCost[], limits: readonly Limit[]): string {
  const labels = costs.map(
    (cost) => `${cost.label}: median ${cost.median} cycles, from ${cost.min} to ${cost.max}`,
  );
  return [...labels, ...limits.map((limit) => limit.label)].join('; ');
}
