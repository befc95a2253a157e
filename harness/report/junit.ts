/** JUnit XML as CI servers read it: a suite for each kernel, a test case for each cell. */
import { create } from 'xmlbuilder2';
import { oneLine } from '../base/safe-text.ts';
import { knownText } from '../plan/expectations.ts';
import { type CellView, type RunView, resultOf } from '../record/run-view.ts';
import type { Outcome } from '../verdict/types.ts';
import { headingOf, labelOf } from './grid.ts';
import { testLines } from './test-text.ts';
import { observationText, shortRelease } from './words.ts';

/** JUnit knows no flaky: it fails the run, and so it is a failure here. */
const ELEMENTS: Readonly<Record<Exclude<Outcome, 'expected'>, 'failure' | 'skipped' | 'error'>> = {
  unexpected: 'failure',
  flaky: 'failure',
  skipped: 'skipped',
  'infra-error': 'error',
};

interface Tally {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
  /** Seconds, with three decimals. */
  readonly time: string;
}

export function renderJunit(view: RunView): string {
  const cells = [...view.cells.values()];
  const matrix = oneLine(view.started?.matrix.name ?? 'run');
  const { skipped: _, ...total } = tally(cells);
  const root = create({ version: '1.0', encoding: 'UTF-8' }).ele('testsuites', {
    name: `tscmatrix ${matrix}`,
    ...total,
  });
  for (const [name, kernel] of view.kernels) {
    const mine = cells.filter((cell) => cell.cell.kernel === name);
    const suite = root.ele('testsuite', {
      name: oneLine(name),
      ...tally(mine),
      ...(view.started === null ? {} : { timestamp: view.started.at.replace(/\.\d+Z$|Z$/, '') }),
    });
    const properties = suite.ele('properties');
    properties.ele('property', { name: 'run', value: headingOf(view).join('; ') });
    if (kernel.ready !== null) {
      properties.ele('property', { name: 'kernel.release', value: shortRelease(kernel.ready) });
      properties.ele('property', { name: 'kernel.sha256', value: oneLine(kernel.ready.sha256) });
    }
    for (const cell of mine) addCase(suite, cell, `${matrix}.${oneLine(name)}`);
  }
  return `${root.end({ prettyPrint: true })}\n`;
}

function addCase(suite: ReturnType<typeof create>, cell: CellView, classname: string): void {
  const { outcome, reason } = resultOf(cell);
  const test = suite.ele('testcase', { classname, name: labelOf(cell.cell), time: tally([cell]).time });
  const text = linesOf(cell).join('\n');
  if (outcome === 'expected') {
    test.ele('system-out').txt(text);
    return;
  }
  const verdicts = cell.judged?.verdicts.join(', ') ?? '';
  const type = verdicts === '' || verdicts === outcome ? outcome : `${outcome}: ${verdicts}`;
  test.ele(ELEMENTS[outcome], { type, message: oneLine(reason) }).txt(text);
}

/** What a person needs to follow it up: each boot, the cited console lines, and where the console is. */
function linesOf(cell: CellView): string[] {
  return [
    `cell ${oneLine(cell.cell.id)}`,
    ...(cell.judged?.known === undefined ? [] : [oneLine(knownText(cell.judged.known))]),
    ...cell.boots.flatMap(({ boot, finished }) => {
      if (finished === null) return [`boot ${boot}: not finished`];
      const { diagnosis, reason } = finished.observation;
      return [
        `boot ${boot}: ${observationText(finished)}`,
        `  ${oneLine(reason)}`,
        ...(diagnosis?.evidence ?? []).map(
          (cited) => `  line ${cited.line}: ${oneLine(cited.text)} (${oneLine(cited.shows)})`,
        ),
        ...testLines(finished.observation.tests).map((line) => `  test ${line}`),
        `  console: ${oneLine(finished.folder)}/console.log`,
      ];
    }),
  ];
}

function tally(cells: readonly CellView[]): Tally {
  const elements = cells
    .map((cell) => resultOf(cell).outcome)
    .map((o) => (o === 'expected' ? 'passed' : ELEMENTS[o]));
  const count = (element: string) => elements.filter((e) => e === element).length;
  const wallMs = cells
    .flatMap((cell) => cell.boots)
    .reduce((sum, boot) => sum + (boot.finished?.wallMs ?? 0), 0);
  return {
    tests: cells.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: (wallMs / 1000).toFixed(3),
  };
}
