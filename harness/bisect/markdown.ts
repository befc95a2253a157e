/** The report of a search as markdown, for people and for pasting into an issue. */
import { fenced } from '../base/fence.ts';
import { clockText } from '../base/figures.ts';
import { oneLine, markdown as safe } from '../base/safe-text.ts';
import type { SearchReport, Step } from './report.ts';

export function renderSearch(report: SearchReport, scriptPath: string): string {
  const { culprit, searched } = report;
  const parts = [
    `## ${safe(report.answer)}`,
    [
      `searched: ${searched.candidates} ${searched.kind} from ${safe(searched.old)} to ${safe(searched.new)}${searched.repository === null ? '' : ` of ${safe(searched.repository)}`}`,
      `guest: ${safe(report.cell === '' ? 'as by default' : report.cell)}; expected: ${report.expectation.map(safe).join('; ')}`,
      `${report.builds} builds, ${report.boots} boots, ${report.skips} skipped, ${report.faults} faults of the host, ${clockText(report.seconds * 1000)}`,
      ...(report.errorRates === null
        ? []
        : [
            `wrong answers: old ones called new ${(report.errorRates.oldCalledNew * 100).toFixed(1)} %, new ones called old ${(report.errorRates.newCalledOld * 100).toFixed(1)} %`,
          ]),
      ...(report.gitSays === null
        ? []
        : [`git bisect says the same of its log: ${safe(report.gitSays.slice(0, 12))}`]),
    ].join('<br>\n'),
    tableOf(report.steps),
    evidenceOf(report.steps),
  ];
  if (culprit !== null && 'diff' in culprit) {
    const others =
      culprit.otherFiles.length === 0
        ? ''
        : ` (${culprit.otherFiles.length} more files are no part of this kernel)`;
    parts.push(
      `### ${safe(culprit.id.slice(0, 12))} ${safe(culprit.title)}`,
      `${safe(culprit.author)}, ${safe(culprit.date)}; in ${culprit.files.map(safe).join(', ')}${others}`,
      fenced(culprit.diff, 'diff'),
    );
  }
  parts.push(`Again: \`sh ${oneLine(scriptPath)}\``);
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function tableOf(steps: readonly Step[]): string {
  const rows = steps.map(({ step, name, title, verdict, image, boots, reason }) =>
    [String(step), `${name} ${title}`.trim(), verdict, image, String(boots), reason].map(safe),
  );
  return [
    ['step', 'what', 'verdict', 'kernel', 'boots', 'why'],
    ['---', '---', '---', '---', '---', '---'],
    ...rows,
  ]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

/** The lines that the verdicts rest on, with the file that they stand in. */
function evidenceOf(steps: readonly Step[]): string {
  return steps
    .filter(({ place }) => place !== '')
    .map(({ step, name, evidence, place }) => {
      const lines = evidence.map(({ line, text, shows }) =>
        line === 0 ? `  - no line: ${safe(shows)}` : `  - line ${line}: ${safe(text)} (${safe(shows)})`,
      );
      return [`- ${step}, ${safe(name)}: ${safe(place)}`, ...lines].join('\n');
    })
    .join('\n');
}
