/** A comparison for a terminal: what differs between the runs, then the cells, worst first. */

import { styleText } from 'node:util';
import wrapAnsi from 'wrap-ansi';
import { oneLine } from '../base/safe-text.ts';
import type { Change, RunComparison } from '../compare/types.ts';
import {
  bisectionText,
  type CellLine,
  type ComparisonLook,
  changeGroups,
  confirmationText,
  differenceText,
  quietText,
  sideText,
} from './comparison-groups.ts';

const COLOURS: Partial<Readonly<Record<Change, 'red' | 'yellow' | 'green' | 'magenta' | 'cyan'>>> = {
  regressed: 'red',
  flaky: 'yellow',
  'not-comparable': 'magenta',
  changed: 'cyan',
  fixed: 'green',
};
const LEAST_COLUMNS = 40;

export function renderComparisonTable(comparison: RunComparison, look: ComparisonLook): string {
  const wrap = (text: string, indent: string): string => {
    const limit = Math.max(LEAST_COLUMNS, look.columns ?? 110) - indent.length;
    const lines = wrapAnsi(text, limit, { hard: true, trim: true }).split('\n');
    return lines.map((line, i) => (i === 0 ? line : `${indent}${line}`)).join('\n');
  };
  const item = (indent: string, text: string): string => `${indent}${wrap(text, `${indent}  `)}`;
  const { before, after, differences, confirmations = [] } = comparison;

  const heading = [
    wrap(`tscmatrix compare ${oneLine(after.matrix.name)}`, ''),
    item('  ', `before ${sideText(before)}`),
    item('  ', `after  ${sideText(after)}`),
    ...differences.map((one) => item('  ', `differs: ${differenceText(one)}`)),
    ...[before, after].flatMap(({ run, problems }) =>
      problems.map((text) => item('  ', `record ${oneLine(run)}: ${oneLine(text)}`)),
    ),
  ];
  // What the heading has said of every cell need not be said again at each.
  const shown = new Set(differences.map(differenceText));
  const groups = changeGroups(comparison, look.all).map((group) => {
    const colour = COLOURS[group.change];
    const word =
      look.colour && colour ? styleText(colour, group.word, { validateStream: false }) : group.word;
    return [
      wrap(group.why === '' ? word : `${word}: ${group.why}`, '  '),
      ...group.inputs.filter((text) => !shown.has(text)).map((text) => item('    ', `differs: ${text}`)),
      ...group.cells.map((cell) => item('  ', cellText(cell))),
    ].join('\n');
  });
  const quiet = quietText(comparison, look.all);
  // A command is not broken: it is to be pasted.
  const searches = comparison.bisections.map(
    (one) => `  ${bisectionText(one)}:\n    ${oneLine(one.command)}`,
  );
  return `${[
    heading.join('\n'),
    ...groups,
    ...(confirmations.length === 0
      ? []
      : [
          [wrap('booted again', '  '), ...confirmations.map((one) => item('  ', confirmationText(one)))].join(
            '\n',
          ),
        ]),
    ...searches,
    ...(quiet === '' ? [] : [`${quiet} (listed with --all)`]),
    wrap(oneLine(comparison.conclusion), ''),
  ].join('\n\n')}\n`;
}

function cellText({ id, before, after }: CellLine): string {
  return before === after ? `${id}  ${after}` : `${id}  ${before} -> ${after}`;
}
