/** What a search leaves in its folder when it has an end: its report in every form, and the script that shows it again. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { clockText } from '../base/figures.ts';
import { fenced, json, oneLine, markdown as safe } from '../base/safe-text.ts';
import { openCache } from '../host/cache.ts';
import { shownPath } from '../lab/files.ts';
import { type Culprit, describeCulprit } from './culprit.ts';
import type { End } from './decide.ts';
import { GIT_FOLDER, LOG_FILE } from './git-bisect.ts';
import { reportOf, type SearchReport, type Step } from './report.ts';
import type { SearchResult } from './run-search.ts';
import { scriptOf } from './script.ts';

interface WrittenReport {
  readonly data: SearchReport;
  readonly text: string;
  /** Where it all is, each a line. */
  readonly notes: readonly string[];
}

/** Throws UserError for a search whose ends left nothing to search. */
export async function writeReport(result: SearchResult, folder: string): Promise<WrittenReport> {
  const error = endError(result);
  if (error !== null) throw error;
  const { end, spec } = result;
  const shown = shownPath(folder);
  const found = end.kind === 'found' && spec.subjects.kind === 'commits';
  const culprit: Culprit | null = found
    ? await describeCulprit(end.id, spec.subjects, await openCache())
    : null;
  const data = reportOf(result, folder, culprit);
  const text = renderSearch(data, join(shown, 'again.sh'));
  await writeFile(join(folder, 'again.sh'), await scriptOf(result, data.answer), { mode: 0o755 });
  await writeFile(join(folder, 'report.md'), text);
  await writeFile(join(folder, 'report.json'), `${json(data)}\n`);
  const git = [
    `git bisect log: git bisect replay ${join(shown, LOG_FILE)} in a clone of yours`,
    `to look at it: git --git-dir=${join(shown, GIT_FOLDER)} bisect visualize --oneline`,
  ];
  const notes = [`the report is in ${shown}: report.md, report.json, again.sh`];
  return { data, text, notes: spec.subjects.kind === 'commits' ? [...notes, ...git] : notes };
}

/** The report of a search as markdown, for people and for pasting into an issue. */
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

/** The error of a search that had no usable ends, or null if it has an answer. */
export function endError({ end, spec, subjects, state }: SearchResult): UserError | null {
  const met = state.met ?? 'old';
  const { old, new: last } = spec.subjects;
  const isBreak = met === 'old';
  const names = isBreak ? { old: 'good', new: 'bad' } : { old: 'old', new: 'new' };
  const reason = (id: string): string => {
    const subject = state.subjects.get(id);
    return subject?.skipped?.reason ?? subject?.boots.at(-1)?.reason ?? 'not booted';
  };
  const label = (side: 'old' | 'new'): string => {
    const id = side === 'old' ? old : last;
    return `the ${names[side]} end ${subjects.name(id)}: ${reason(id)}`;
  };
  switch (end.kind) {
    case 'wrong-ends':
      return wrongEnds(end, label, isBreak, names);
    case 'same-ends':
      return new UserError(
        `both ends are the same kernel, byte for byte (${subjects.name(old)} and ${subjects.name(last)})`,
        'nothing between them makes a difference with this configuration: is what changed built into it?',
      );
    case 'untestable-end':
      return new UserError(
        `${end.id === old ? `the ${names.old}` : `the ${names.new}`} end ${subjects.name(end.id)} cannot be tested: ${reason(end.id)}`,
        'name another commit near it',
      );
    case 'unclear-end':
      return new UserError(
        `the boots of ${subjects.name(end.id)} do not agree on which side it is on: ${reason(end.id)}`,
        'choose an expectation that this end clearly meets or fails, or clock=deterministic',
      );
    case 'new-base':
      return new UserError(
        `${subjects.name(end.id)}, the common ancestor of both ends, is on the side of the ${names.new} end: ${reason(end.id)}`,
        `so the difference was made on the ${names.old} end's own branch: search between that ancestor and the ${names.old} end`,
      );
    default:
      return null;
  }
}

function wrongEnds(
  end: Extract<End, { kind: 'wrong-ends' }>,
  label: (side: 'old' | 'new') => string,
  isBreak: boolean,
  names: { readonly old: string; readonly new: string },
): UserError {
  const both = `\n  ${label('old')}\n  ${label('new')}`;
  if (end.old === 'new' && end.new === 'old') {
    return new UserError(
      `the ends are swapped: the ${names.old} end is ${isBreak ? 'not as expected, and the bad one is' : 'as expected, and the new one is not'}:${both}`,
      isBreak
        ? 'to find what fixed it, give them as --old and --new'
        : 'to find what broke it, give them as --good and --bad',
    );
  }
  const wrong = end.old === 'new' ? names.old : names.new;
  const both_ =
    end.old === 'new' ? 'both are on the other side' : `both are on the side of the ${names.old} end`;
  return new UserError(
    `the ${wrong} end is not ${wrong}: ${both_}:${both}`,
    'check the expectation with: tscmatrix probe, or choose an end further away',
  );
}
