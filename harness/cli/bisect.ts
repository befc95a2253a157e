/** `tscmatrix bisect`: the first commit or kernel of a range that behaves otherwise. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, UserError } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { type Culprit, describeCulprit } from '../bisect/culprit.ts';
import { endError } from '../bisect/end-errors.ts';
import { GIT_FOLDER, LOG_FILE } from '../bisect/git-bisect.ts';
import { renderSearch } from '../bisect/markdown.ts';
import { findSearch, newSearchFolder, prepareSearch, type SearchOptions } from '../bisect/prepare.ts';
import { reportOf } from '../bisect/report.ts';
import { runSearch, type SearchResult, startSearch } from '../bisect/run-search.ts';
import { scriptOf } from '../bisect/script.ts';
import { openView } from '../bisect/view.ts';
import { openCache } from '../host/cache.ts';
import { removeStaleScratch } from '../host/scratch.ts';
import { shownPath } from '../lab/job-folder.ts';
import { needQemu } from '../lab/need-qemu.ts';
import { optionName } from './command.ts';
import { forgetGit } from './git-environment.ts';

export interface BisectFlags extends Omit<SearchOptions, 'paths'> {
  readonly resume?: string | true;
  readonly results: string;
  readonly json?: boolean;
}

/** 0 where the answer was found and confirmed, 1 where the search has no single answer. */
export async function bisectCommand(
  paths: readonly string[],
  flags: BisectFlags,
  isGiven: (flag: string) => boolean,
  signal: AbortSignal,
): Promise<number> {
  forgetGit();
  await removeStaleScratch();
  const folder =
    flags.resume === undefined
      ? await begin(paths, flags, signal)
      : await resumeSearch(paths, flags, isGiven);
  const shown = shownPath(folder);
  const view = openView(process.stderr, signal);
  let result: SearchResult;
  try {
    result = await runSearch(folder, { signal, view });
  } catch (error) {
    view.close();
    if (!(error instanceof UserError)) say(`to go on: tscmatrix bisect --resume ${shown}`);
    throw error;
  }
  view.close();
  const error = endError(result);
  if (error !== null) throw error;
  await report(result, folder, shown, flags.json === true, signal);
  return result.end.kind === 'found' ? EXIT.ok : EXIT.unexpected;
}

function say(text: string): void {
  process.stderr.write(`tscmatrix: ${text}\n`);
}

async function begin(paths: readonly string[], flags: BisectFlags, signal: AbortSignal): Promise<string> {
  await needQemu(flags.qemu);
  const cache = await openCache();
  const { spec, notes } = await prepareSearch({ ...flags, paths }, { cache, signal, onProgress: say });
  for (const note of notes) say(note);
  const folder = await newSearchFolder(flags.results, spec, new Date());
  await startSearch(folder, spec);
  return folder;
}

/** What is searched for is in the journal: nothing of it can be said anew. */
async function resumeSearch(
  paths: readonly string[],
  flags: BisectFlags,
  isGiven: (flag: string) => boolean,
): Promise<string> {
  const stray = Object.keys(flags).find(
    (name) => isGiven(name) && !['resume', 'results', 'json'].includes(name),
  );
  if (stray !== undefined || paths.length > 0) {
    throw new UserError(
      `${stray === undefined ? 'paths do' : `${optionName(stray)} does`} not go with --resume: the search goes on as it was begun`,
      'leave it out, or begin anew without --resume',
    );
  }
  return findSearch(flags.results, flags.resume ?? true);
}

async function report(
  result: SearchResult,
  folder: string,
  shown: string,
  asJson: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { end, spec } = result;
  const found = end.kind === 'found' && spec.subjects.kind === 'commits';
  const culprit: Culprit | null = found
    ? await describeCulprit(end.id, spec.subjects, await openCache(), signal)
    : null;
  const data = reportOf(result, folder, culprit);
  const script = join(folder, 'again.sh');
  const text = renderSearch(data, join(shown, 'again.sh'));
  await writeFile(script, await scriptOf(result, data.answer), { mode: 0o755 });
  await writeFile(join(folder, 'report.md'), text);
  await writeFile(join(folder, 'report.json'), `${json(data)}\n`);
  process.stdout.write(asJson ? `${json(data)}\n` : text);
  say(`the report is in ${shown}: report.md, report.json, again.sh`);
  if (spec.subjects.kind !== 'commits') return;
  say(`git bisect log: git bisect replay ${join(shown, LOG_FILE)} in a clone of yours`);
  say(`to look at it: git --git-dir=${join(shown, GIT_FOLDER)} bisect visualize --oneline`);
}
