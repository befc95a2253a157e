/** A sweep as a drawing: kernels side by side on one axis of delays, with the limits of the sources drawn in. */
import { scaleLinear } from 'd3-scale';
import { bottomAxis, decades } from '../base/plot/axis.ts';
import { drawing, element, line, textAt } from '../base/plot/svg.ts';
import type { Reference } from '../lab/margin/limits.ts';
import type { Margin } from '../lab/margin/margin.ts';
import type { Point } from '../lab/margin/point.ts';
import { durationText } from '../matrix/duration.ts';
import type { Verdict } from '../matrix/types.ts';
import { delayScale, domainOf, FIRST, LEFT, place, RIGHT, type Scale, WIDTH, ZERO } from './plot-axes.ts';
import { type DisturbanceScale, disturbanceScale, disturbances } from './plot-disturbances.ts';
import { type KernelReport, marginText, type ReferenceReport, type SweepReport } from './report.ts';
import { NAMES } from './sweep.ts';

const TITLE = 26;
const LABELS = 15;
const LANE = 18;
const GAP = 8;
const ERRORS = 54;
const AXIS = 44;

export function sweepPlot(report: SweepReport): string {
  const x = delayScale(report);
  const d = disturbanceScale(report);
  const parts: string[] = [];
  let top = 8;
  for (const kernel of report.kernels) {
    const height = panelHeight(kernel);
    parts.push(panel(kernel, x, d, top, height));
    top += height + AXIS;
  }
  parts.push(legend(top + 6));
  return drawing(WIDTH, top + 26, titleOf(report), ...parts);
}

function panelHeight({ references }: KernelReport): number {
  return TITLE + references.length * (LABELS + LANE + GAP) + ERRORS;
}

function panel(
  kernel: KernelReport,
  x: Scale,
  d: DisturbanceScale | null,
  top: number,
  height: number,
): string {
  const bottom = top + height;
  const lanes = kernel.references.map((reference, i) =>
    lane(reference, x, top + TITLE + i * (LABELS + LANE + GAP)),
  );
  const errorTop = top + TITLE + kernel.references.length * (LABELS + LANE + GAP);
  return element(
    'g',
    {},
    textAt(LEFT, top + 14, `${kernel.name}  ${kernel.release}`, { class: 'title' }),
    bottomAxis(x, {
      y: bottom,
      top: top + TITLE,
      ticks: decades(...domainOf(x)),
      format: (ns) => durationText(Math.round(ns)),
      title: 'delay added to each read, logarithmic',
    }),
    line(LEFT, bottom, FIRST, bottom, 'axis'),
    line(ZERO, top + TITLE, ZERO, bottom, 'grid'),
    textAt(ZERO, bottom + 14, '0', { class: 'tick', 'text-anchor': 'middle' }),
    ...lanes,
    errorStrip(kernel, x, errorTop, bottom),
    ...(d === null ? [] : [disturbances(kernel, d, top + TITLE, bottom)]),
  );
}

/** Green as far as tsc is registered, red from where it is not; a mark for each boot; the predicted flips. */
function lane({ margin, curve }: ReferenceReport, x: Scale, top: number): string {
  const y = top + LABELS;
  const middle = y + LANE / 2;
  const { registersUpToNs: low, stopsFromNs: high } = margin;
  const bar = (from: number, to: number, outcome: string): string =>
    to <= from
      ? ''
      : element(
          'g',
          { class: outcome },
          element('rect', { x: from, y: y + 2, width: to - from, height: LANE - 4, rx: 3, class: 'band' }),
        );
  const upTo = low === null ? LEFT : place(x, low);
  const from = high === null ? RIGHT : place(x, high);
  const points = [...margin.points.filter(({ of }) => of === 'search'), ...curve];
  return element(
    'g',
    {},
    textAt(LEFT - 10, middle + 4, NAMES[margin.reference], { class: 'label', 'text-anchor': 'end' }),
    bar(LEFT, upTo, 'o-expected'),
    bar(low === null ? LEFT : from, high === null ? from : RIGHT, 'o-unexpected'),
    ...limitMarks(margin, x, top, y + LANE),
    ...points.map((point) => verdictMark(point, place(x, point.delayNs), middle)),
    textAt(RIGHT + 6, middle + 4, marginText(margin).replace(' to ', ' – '), { class: 'value' }),
  );
}

function limitMarks({ predicted, maxNs }: Margin, x: Scale, top: number, bottom: number): string[] {
  const shown = predicted.filter(({ flipNs }) => flipNs <= maxNs * 1.1);
  return shown.map(({ name, flipNs }, i) => {
    const at = place(x, flipNs);
    // The first two lie close together on this scale; the last one near the end.
    const anchor = i === 1 && shown.length > 1 ? 'start' : 'end';
    const label = textAt(anchor === 'end' ? at + 3 : at - 3, top + 10, name, {
      class: 'limit-label',
      'text-anchor': anchor,
    });
    return line(at, top + 12, at, bottom + 2, 'limit') + label;
  });
}

const OUTCOMES: Partial<Record<Verdict, string>> = {
  refined: 'o-expected',
  'known-frequency': 'o-changed',
  unrefined: 'o-flaky',
  never: 'o-unexpected',
  unstable: 'o-unexpected',
};

function verdictMark({ boots }: Point, x: number, y: number): string {
  const verdicts = [...new Set(boots.map(({ verdict }) => verdict))];
  // Boots that differ: all of their marks.
  return verdicts.map((verdict, i) => mark(verdict, x, y + (i - (verdicts.length - 1) / 2) * 7)).join('');
}

function mark(verdict: Verdict, x: number, y: number): string {
  const shape =
    verdict === 'never' || verdict === 'unstable'
      ? line(x - 4, y - 4, x + 4, y + 4, 'cross') + line(x - 4, y + 4, x + 4, y - 4, 'cross')
      : verdict === 'known-frequency'
        ? element('path', { d: `M${r(x)} ${r(y - 6)}l6 6l-6 6l-6 -6z`, class: 'mark' })
        : element('circle', {
            cx: x,
            cy: y,
            r: 4.5,
            class: verdict === 'unrefined' ? 'mark hollow' : 'mark',
          });
  return element('g', { class: OUTCOMES[verdict] ?? 'o-skipped' }, shape);
}

const r = (value: number): number => Math.round(value * 10) / 10;

/** The error of the frequency under plain delays, ppm: linear, for it is near nothing. */
function errorStrip({ references }: KernelReport, x: Scale, top: number, bottom: number): string {
  const series = references.map(({ margin, curve }) => ({
    reference: margin.reference,
    points: [...margin.points.filter(({ of }) => of === 'search'), ...curve]
      .toSorted((a, b) => a.delayNs - b.delayNs)
      .flatMap(({ delayNs, boots }) =>
        boots.flatMap(({ verdict, ppm }) =>
          verdict === 'never' || verdict === 'unstable' || ppm === null ? [] : [{ delayNs, ppm }],
        ),
      ),
  }));
  const most = Math.max(2, ...series.flatMap(({ points }) => points.map(({ ppm }) => Math.abs(ppm)))) * 1.2;
  const y = scaleLinear([-most, most], [bottom - 4, top + 4]);
  const ticks = y.ticks(3).map((tick) =>
    textAt(LEFT - 10, y(tick) + 4, `${tick > 0 ? '+' : ''}${tick}${tick === 0 ? ' ppm' : ''}`, {
      class: 'tick',
      'text-anchor': 'end',
    }),
  );
  return element(
    'g',
    {},
    ...ticks,
    line(LEFT, y(0), RIGHT, y(0), 'grid'),
    ...series.map(({ reference, points }) => errorLine(reference, points, x, y)),
  );
}

function errorLine(
  reference: Reference,
  points: readonly { delayNs: number; ppm: number }[],
  x: Scale,
  y: (ppm: number) => number,
): string {
  const at = points.map(({ delayNs, ppm }) => [r(place(x, delayNs)), r(y(ppm))] as const);
  if (at.length === 0) return '';
  const path = `M${at.map(([px, py]) => `${px} ${py}`).join('L')}`;
  return element(
    'g',
    { class: reference },
    element('path', { d: path, class: 'curve' }),
    ...at.map(([px, py]) => element('circle', { cx: px, cy: py, r: 2.5, class: 'dot' })),
  );
}

function legend(y: number): string {
  const verdicts = [
    ['refined', 'refined'],
    ['known-frequency', 'at its initcall'],
    ['unrefined', 'unrefined'],
    ['never', 'never'],
  ] as const;
  const marks = verdicts.map(([verdict, label], i) => {
    const x = LEFT + i * 112;
    return mark(verdict, x, y) + textAt(x + 10, y + 4, label, { class: 'value' });
  });
  const at = LEFT + verdicts.length * 112;
  const series = (['pm', 'hpet'] as const).map((reference, i) => {
    const x = at + i * 156;
    const dot = element('circle', { cx: x, cy: y, r: 3.5, class: 'dot' });
    return (
      element('g', { class: reference }, dot) +
      textAt(x + 10, y + 4, `error by the ${NAMES[reference]}`, { class: 'value' })
    );
  });
  return element(
    'g',
    {},
    ...marks,
    ...series,
    line(at + 306, y - 8, at + 306, y + 8, 'limit'),
    textAt(at + 314, y + 4, "a source's limit", { class: 'value' }),
  );
}

function titleOf({ kernels }: SweepReport): string {
  return kernels
    .flatMap(({ name, references }) =>
      references.map(({ margin }) => `${name}, ${NAMES[margin.reference]}: ${marginText(margin)}`),
    )
    .join('; ');
}
