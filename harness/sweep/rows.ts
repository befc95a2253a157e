/** The tables of a sweep as rows of text: margins, and what delays and disturbances do. */

import { ppmText } from '../base/figures.ts';
import type { Point, PointBoot } from '../lab/margin/point.ts';
import { durationText } from '../matrix/duration.ts';
import { marginText, type ReferenceReport, type SweepReport } from './report.ts';
import { NAMES } from './sweep.ts';

export interface Rows {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const number = (value: number): string => Math.round(value).toLocaleString('en');

export function marginRows({ kernels, options }: SweepReport): Rows {
  return {
    head: [
      'kernel',
      'reads by',
      'undelayed',
      'registers up to',
      'not from',
      'limit found, cycles',
      "source's limit",
      'boots',
    ],
    rows: kernels.flatMap(({ name, references }) =>
      references.map(({ margin }) => {
        const { sampleCycles, registersUpToNs, stopsFromNs, limitCycles, outcome, boots } = margin;
        const undelayed = margin.points[0]?.boots[0]?.verdict ?? '';
        return [
          name,
          `${NAMES[margin.reference]}${sampleCycles === null ? '' : `, ${number(sampleCycles)} cycles a sample`}`,
          undelayed,
          registersUpToNs === null ? '-' : `${number(registersUpToNs)} ns`,
          stopsFromNs === null
            ? outcome === 'never-stops'
              ? `never up to ${durationText(options.maxNs)}`
              : '-'
            : outcome === 'never-registers'
              ? '-'
              : `${number(stopsFromNs)} ns`,
          limitCycles === null ? '-' : `${number(limitCycles.from)} to ${number(limitCycles.to)}`,
          agreement(margin),
          String(boots),
        ];
      }),
    ),
  };
}

function agreement({ agrees, near, predicted, outcome }: ReferenceReport['margin']): string {
  if (outcome !== 'flips') return '-';
  const limit = predicted.find(({ name }) => name === (agrees ?? near));
  if (limit === undefined) return 'none fits';
  return `${agrees === null ? 'near ' : ''}${limit.name}: ${number(limit.flipNs)} ns`;
}

/** Every point, in the order of its delay; those of the search too. */
export function pointRows({ kernels }: SweepReport): Rows {
  return {
    head: ['kernel', 'reads by', 'added to each read', 'tsc', 'after', 'error', 'by arithmetic', 'reads'],
    rows: kernels.flatMap(({ name, references }) =>
      references.flatMap(({ margin, curve, disturbed }) => {
        const plain = [...margin.points.filter(({ of }) => of === 'search'), ...curve];
        const sorted = plain.toSorted((a, b) => a.delayNs - b.delayNs);
        return [
          ...sorted.map((point) => pointRow(name, point, null)),
          ...disturbed.map(({ point, byArithmeticPpm }) => pointRow(name, point, byArithmeticPpm)),
        ];
      }),
    ),
  };
}

function pointRow(kernel: string, point: Point, byArithmetic: number | null): string[] {
  const { reference, boots } = point;
  return [
    kernel,
    NAMES[reference],
    addedText(point),
    tscText(point),
    range(
      boots,
      ({ registeredS }) => registeredS,
      (value) => `${value.toFixed(2)} s`,
    ),
    range(boots, ({ ppm, verdict }) => (verdict === 'never' ? null : ppm), ppmText),
    byArithmetic === null ? '-' : ppmText(byArithmetic),
    range(boots, ({ reads }) => reads?.[reference] ?? null, String),
  ];
}

/** What was added to each read, without the counter's name. */
export function addedText({ text }: Point): string {
  return text === '0' ? 'nothing' : text.replaceAll(/\b(?:pm|hpet)(?=\d)/g, '');
}

/** How it was registered; of several boots how many, and the interval of the share. */
function tscText({ boots, registered }: Point): string {
  const verdicts = [...new Set(boots.map(({ verdict }) => verdict))];
  if (boots.length === 1) return verdicts.join();
  const { count, of, low, high } = registered;
  const percent = (share: number | null): string => ((share ?? 0) * 100).toFixed(0);
  return `${count} of ${of} (${percent(low)} to ${percent(high)} %): ${verdicts.join(', ')}`;
}

function range(
  boots: readonly PointBoot[],
  figure: (boot: PointBoot) => number | null,
  text: (value: number) => string,
): string {
  const values = boots.map(figure).filter((value) => value !== null);
  if (values.length === 0) return '-';
  const [least, most] = [text(Math.min(...values)), text(Math.max(...values))];
  return least === most ? least : `${least} to ${most}`;
}

/** Sentences: how the PM timer and the HPET compare, and what contradicts a single margin. */
export function remarks({ kernels }: SweepReport): string[] {
  return kernels.flatMap(({ name, references }) => [
    ...references.map(({ margin }) => `${name}, ${NAMES[margin.reference]}: ${margin.reason}`),
    ...references.flatMap(({ margin }) =>
      margin.contradictions.map((text) => `${name}, ${NAMES[margin.reference]}: ${text}`),
    ),
    ...comparison(name, references),
  ]);
}

function comparison(name: string, references: readonly ReferenceReport[]): string[] {
  const of = (reference: string) => references.find(({ margin }) => margin.reference === reference)?.margin;
  const [pm, hpet] = [of('pm'), of('hpet')];
  if (pm?.outcome !== 'flips' || hpet?.outcome !== 'flips') return [];
  const ratio = (hpet.registersUpToNs ?? 0) / Math.max(1, pm.registersUpToNs ?? 0);
  return [
    `${name}: read by the HPET it stands ${ratio.toFixed(1)} times the delay that it stands by the PM timer (${marginText(hpet)} against ${marginText(pm)}), for a sample of the HPET is one read and one of the PM timer is three`,
  ];
}
