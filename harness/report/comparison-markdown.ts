/** A comparison in markdown, for a CI's job summary and for an issue. */
import { capital } from '../base/capital.ts';
import { oneLine, markdown as safe } from '../base/safe-text.ts';
import type { RunComparison } from '../compare/types.ts';
import {
  bisectionText,
  type ComparisonLook,
  changeGroups,
  confirmationText,
  differenceText,
  quietText,
  sideText,
} from './comparison-groups.ts';

/** A job summary may hold 1 MiB; what is left out is counted, and the table on a terminal has it. */
const MOST_ROWS = 500;

export function renderComparisonMarkdown(comparison: RunComparison, look: ComparisonLook): string {
  const { before, after, differences, conclusion, confirmations = [] } = comparison;
  const groups = changeGroups(comparison, look.all);
  const shown = new Set(differences.map(differenceText));
  const notes: string[] = [];
  const rows = groups.flatMap((group) => {
    const inputs = group.inputs.filter((text) => !shown.has(text)).map((text) => `differs: ${text}`);
    const note = [group.why, ...inputs].filter((text) => text !== '').map(safe);
    const mark = note.length === 0 ? '' : ` \\[${notes.push(note.join('<br>'))}\\]`;
    const word = group.word === group.word.toUpperCase() ? `**${safe(group.word)}**` : safe(group.word);
    return group.cells.map(
      ({ id, before: was, after: is }) => `| ${word}${mark} | ${safe(id)} | ${safe(was)} | ${safe(is)} |`,
    );
  });
  const cut = rows.length - MOST_ROWS;
  const quiet = quietText(comparison, look.all);
  const parts = [
    `## tscmatrix compare ${safe(after.matrix.name)}`,
    `**${safe(conclusion)}**`,
    `before ${safe(sideText(before))}<br>\nafter ${safe(sideText(after))}`,
    ...(differences.length === 0
      ? []
      : [differences.map((one) => `- differs: ${safe(differenceText(one))}`).join('\n')]),
    ...(rows.length === 0
      ? []
      : [
          [
            '| change | cell | before | after |',
            '| --- | --- | --- | --- |',
            ...rows.slice(0, MOST_ROWS),
          ].join('\n'),
          ...(notes.length === 0 ? [] : [notes.map((note, i) => `- \\[${i + 1}\\] ${note}`).join('\n')]),
        ]),
    ...(confirmations.length === 0
      ? []
      : [`Booted again:\n\n${confirmations.map((one) => `- ${safe(confirmationText(one))}`).join('\n')}`]),
    ...comparison.bisections.map(
      (one) => `${safe(capital(bisectionText(one)))}:\n\n    ${oneLine(one.command)}`,
    ),
    ...(cut > 0 ? [`${cut} more cells are not shown here.`] : []),
    ...(quiet === '' ? [] : [`Not listed: ${safe(quiet)}.`]),
  ];
  return `${parts.join('\n\n')}\n`;
}
