/** The right side of a sweep's drawing: disturbances and the errors that they left. */
import { scaleLog } from 'd3-scale';
import { bottomAxis, decades } from '../base/plot/axis.ts';
import { element, line, textAt } from '../base/plot/svg.ts';
import { durationText } from '../matrix/duration.ts';
import type { Verdict } from '../matrix/types.ts';
import { domainOf, type Scale, WIDTH } from './plot-axes.ts';
import type { KernelReport, SweepReport } from './report.ts';

export interface DisturbanceScale {
  readonly x: Scale;
  readonly y: Scale;
}

const SIDE = 790;
const SIDE_RIGHT = WIDTH - 16;

/** Lowest of the scale of errors, ppm: what is less is drawn there. */
const ERROR_LOW = 0.1;

export function disturbanceScale({ kernels }: SweepReport): DisturbanceScale | null {
  const points = kernels.flatMap(({ references }) => references.flatMap(({ disturbed }) => disturbed));
  const sizes = points.flatMap(({ point }) => point.refDelay.disturbance?.ns ?? []);
  if (sizes.length === 0) return null;
  const errors = points.flatMap(({ point }) => point.boots.map(({ ppm }) => Math.abs(ppm ?? 0)));
  const low = 10 ** Math.floor(Math.log10(Math.min(...sizes)));
  const high = Math.max(low * 10, 10 ** Math.ceil(Math.log10(Math.max(...sizes))));
  return {
    x: scaleLog([low, high], [SIDE, SIDE_RIGHT]),
    y: scaleLog([ERROR_LOW, Math.max(1000, ...errors) * 1.5], [1, 0]),
  };
}

/** Size of a disturbance against the error that it left, both logarithmic; the line is what one disturbed sample makes. */
export function disturbances(
  { references }: KernelReport,
  d: DisturbanceScale,
  top: number,
  bottom: number,
): string {
  const y = (ppm: number): number => top + d.y(Math.max(ERROR_LOW, ppm)) * (bottom - top);
  const [low, high] = domainOf(d.x);
  const [, highest = 1] = d.y.domain();
  const reach = Math.min(high, highest * 1e3);
  const ticks = decades(ERROR_LOW, highest).filter((_, i) => i % 2 === 1);
  const marks = references.flatMap(({ margin, disturbed }) =>
    disturbed.map(({ point }) => {
      const { disturbance } = point.refDelay;
      const shift = margin.reference === 'pm' ? -3 : 3;
      const boots = point.boots.map(({ verdict, ppm }) => {
        const isNever = verdict === 'never' || verdict === 'unstable';
        const py = isNever ? top + 6 : y(Math.abs(ppm ?? 0));
        return element(
          'g',
          { class: margin.reference },
          side(verdict, d.x(disturbance?.ns ?? low) + shift, py),
        );
      });
      return boots.join('');
    }),
  );
  return element(
    'g',
    {},
    bottomAxis(d.x, {
      y: bottom,
      top,
      ticks: decades(low, high),
      format: (ns) => durationText(Math.round(ns)),
      title: 'disturbance of a read',
    }),
    ...ticks.map((tick) =>
      textAt(SIDE - 6, y(tick) + 4, tick === 1 ? '1 ppm' : String(tick), {
        class: 'tick',
        'text-anchor': 'end',
      }),
    ),
    line(d.x(low), y(low / 1e3), d.x(reach), y(reach / 1e3), 'limit'),
    textAt(SIDE_RIGHT, top - 4, 'error; dashed: D / 1 s', { class: 'tick', 'text-anchor': 'end' }),
    ...marks,
  );
}

function side(verdict: Verdict, x: number, y: number): string {
  return verdict === 'never' || verdict === 'unstable'
    ? line(x - 3, y - 3, x + 3, y + 3, 'cross') + line(x - 3, y + 3, x + 3, y - 3, 'cross')
    : element('circle', { cx: x, cy: y, r: 3.5, class: 'dot' });
}
