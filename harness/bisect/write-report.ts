/** What a search leaves in its folder when it has an end: its report in every form, and the script that shows it again. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { json } from '../base/safe-text.ts';
import { openCache } from '../host/cache.ts';
import { shownPath } from '../lab/job-folder.ts';
import { type Culprit, describeCulprit } from './culprit.ts';
import { endError } from './end-errors.ts';
import { GIT_FOLDER, LOG_FILE } from './git-bisect.ts';
import { renderSearch } from './markdown.ts';
import { reportOf, type SearchReport } from './report.ts';
import type { SearchResult } from './run-search.ts';
import { scriptOf } from './script.ts';

export interface WrittenReport {
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
