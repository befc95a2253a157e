/** The history of cells. For a terminal: a strip of nights for each, oldest first, and what it comes to. */
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { ppmText } from '../base/figures.ts';
import { type Rate, rateOf } from '../base/rate.ts';
import { json, oneLine } from '../base/safe-text.ts';
import type { CellHistory, Night } from '../history/types.ts';

const MARKS: Readonly<Record<Night['outcome'], string>> = {
  expected: '.',
  unexpected: 'U',
  flaky: 'F',
  skipped: 's',
  'infra-error': 'i',
};
const LEGEND =
  'Each mark is a night, the newest last: . as expected, U unexpected, F flaky, s skipped, i no result.';
const DEFAULT_COLUMNS = 110;
/** Raised when a program that reads the previous version could misread a document. */
const JSON_VERSION = 1;

export function historyText(
  cells: readonly CellHistory[],
  { columns = DEFAULT_COLUMNS }: { readonly columns: number | undefined },
): string {
  const groups = [...Map.groupBy(cells, ({ matrix, kernel }) => JSON.stringify([matrix, kernel])).values()];
  const blocks = groups.map((members) => {
    const [first] = members as [CellHistory];
    const all = rateOf(sum(members, 'count'), sum(members, 'of'));
    const head = `${oneLine(first.kernel)} (matrix ${oneLine(first.matrix)}): ${members.length} ${members.length === 1 ? 'cell' : 'cells'}, ${rateText(all, 'cell night')}`;
    return [wrapAnsi(head, columns), ...members.map((cell) => cellText(cell, columns))].join('\n');
  });
  return `${[...blocks, wrapAnsi(LEGEND, columns)].join('\n\n')}\n`;
}

function sum(cells: readonly CellHistory[], key: 'count' | 'of'): number {
  return cells.reduce((total, { flaky }) => total + flaky[key], 0);
}

function cellText({ cell, nights, flaky, changed }: CellHistory, columns: number): string {
  const [newest] = nights;
  const now = newest === undefined ? '' : nightText(newest);
  const parts = [`${now}, ${rateText(flaky)}`];
  if (changed !== null) {
    const inputs =
      changed.inputs.length === 0
        ? ''
        : `; on that night the ${changed.inputs.join(' and the ')} changed too`;
    parts.push(`since ${changed.run}: ${changed.before}, now ${changed.after}${inputs}`);
  }
  const strip = nights
    .toReversed()
    .map(({ outcome }) => MARKS[outcome])
    .join('');
  const name = `  ${oneLine(cell)}`;
  const room = columns - stringWidth(name) - 2;
  // As many of the newest as the line holds.
  const shown =
    strip.length <= room ? strip : room >= 20 ? `<${strip.slice(1 - room)}` : strip.slice(-columns + 4);
  const head = strip.length <= room || room >= 20 ? `${name}  ${shown}` : `${name}\n    ${shown}`;
  const rest = parts.map(
    (text) =>
      `    ${wrapAnsi(oneLine(text), Math.max(20, columns - 4), { hard: true }).replaceAll('\n', '\n      ')}`,
  );
  return [head, ...rest].join('\n');
}

function nightText({ outcome, verdicts, kernelRelease, lost, clockNs, clockPpm }: Night): string {
  // An infra-error is its own verdict: said once.
  const all = [...new Set(verdicts)].filter((verdict) => verdict !== outcome).join('/');
  const kernel = kernelRelease === null ? '' : ` (${kernelRelease})`;
  const clock = [
    clockNs === undefined ? '' : `, ${clockNs} ns a reading`,
    clockPpm === undefined ? '' : `, clock ${ppmText(clockPpm)}`,
  ].join('');
  return `now ${[lost ? 'lost' : outcome, all].filter((part) => part !== '').join(' ')}${clock}${kernel}`;
}

/** "flaky on 2 of 30 nights (7 %, 95 % interval 2 to 21 %)" */
function rateText({ count, of, share, low, high }: Rate, unit = 'night'): string {
  if (share === null || low === null || high === null) return 'never judged';
  const percent = (value: number): string => (value * 100).toFixed(value > 0 && value < 0.01 ? 1 : 0);
  return `flaky on ${count} of ${of} ${of === 1 ? unit : `${unit}s`} (${percent(share)} %, 95 % interval ${percent(low)} to ${percent(high)} %)`;
}

/** A document in parts, a cell a line: a year of a large matrix is too long for one text. */
export function* historyJson(cells: readonly CellHistory[]): Generator<string> {
  yield `{"version":${JSON_VERSION},"cells":[\n`;
  for (const [i, cell] of cells.entries()) yield `${json(cell, 0)}${i < cells.length - 1 ? ',' : ''}\n`;
  yield ']}\n';
}
