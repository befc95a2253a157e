/** Axes: lines and labels at the ticks that a d3 scale chooses. */
import type { ScaleContinuousNumeric } from 'd3-scale';
import { element, line, textAt } from './svg.ts';

type NumberScale = ScaleContinuousNumeric<number, number>;

interface AxisOptions {
  readonly y: number;
  /** Where the grid lines begin. */
  readonly top: number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
  readonly title: string;
}

/** An axis below the plot, with a grid line at each tick and its title at the right. */
export function bottomAxis(scale: NumberScale, options: AxisOptions): string {
  const [left = 0, right = 0] = scale.range();
  const ticks = options.ticks.map((tick) => {
    const x = scale(tick);
    return (
      line(x, options.top, x, options.y, 'grid') +
      textAt(x, options.y + 14, options.format(tick), { class: 'tick', 'text-anchor': 'middle' })
    );
  });
  return element(
    'g',
    {},
    ...ticks,
    line(left, options.y, right, options.y, 'axis'),
    textAt(right, options.y + 30, options.title, { class: 'axis-title', 'text-anchor': 'end' }),
  );
}

/** Ticks at powers of ten only, if a logarithmic scale spans several. */
export function decades(min: number, max: number): number[] {
  const ticks: number[] = [];
  for (let tick = 10 ** Math.floor(Math.log10(min)); tick <= max; tick *= 10)
    if (tick >= min) ticks.push(tick);
  return ticks;
}

/** 12, 1,200, 35 k, 5 M. */
export function shortNumber(value: number): string {
  if (value >= 1e6) return `${trim(value / 1e6)} M`;
  if (value >= 1e4) return `${trim(value / 1e3)} k`;
  return value.toLocaleString('en');
}

function trim(value: number): string {
  return String(Number(value.toPrecision(3)));
}
