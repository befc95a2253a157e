/** The axis of delays in a sweep's drawing. */
import { type ScaleLogarithmic, scaleLog } from 'd3-scale';
import type { SweepReport } from './report.ts';

export type Scale = ScaleLogarithmic<number, number>;

export const WIDTH = 1020;
export const LEFT = 84;
/** The undelayed guest stands beside the logarithmic axis, which has no zero. */
export const ZERO = LEFT + 14;
export const FIRST = LEFT + 44;
export const RIGHT = 630;

export function delayScale({ kernels, options }: SweepReport): Scale {
  const delays = kernels.flatMap(({ references }) =>
    references.flatMap(({ margin, curve }) => [
      ...[...margin.points, ...curve].map(({ delayNs }) => delayNs),
      ...margin.predicted.map(({ flipNs }) => flipNs),
    ]),
  );
  const least = Math.min(options.maxNs, ...delays.filter((delay) => delay > 0));
  const most = Math.max(options.maxNs, least * 10);
  return scaleLog([10 ** Math.floor(Math.log10(least)), most * 1.15], [FIRST, RIGHT]);
}

export function domainOf(scale: Scale): [number, number] {
  const [low = 1, high = 10] = scale.domain();
  return [low, high];
}

export function place(x: Scale, delayNs: number): number {
  return delayNs <= 0 ? ZERO : x(Math.max(delayNs, domainOf(x)[0]));
}
