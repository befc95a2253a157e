/** `tscmatrix bisect`: the first commit or kernel of a range that behaves differently. */
import { EXIT, UserError } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { findSearch, type SearchOptions } from '../bisect/prepare.ts';
import { beginSearch, runSearch, type SearchResult } from '../bisect/run-search.ts';
import { openView } from '../bisect/view.ts';
import { writeReport } from '../bisect/write-report.ts';
import { removeStaleScratch } from '../host/scratch.ts';
import { shownPath } from '../lab/files.ts';
import { optionName } from './command.ts';
import { forgetGit } from './git.ts';
import { say } from './say.ts';

export interface BisectFlags extends Omit<SearchOptions, 'paths'> {
  readonly resume?: string | true;
  readonly results: string;
  readonly json?: boolean;
}

/** 0 if the answer was found and confirmed, 1 if the search has no single answer. */
export async function bisectCommand(
  paths: readonly string[],
  flags: BisectFlags,
  isGiven: (flag: string) => boolean,
): Promise<number> {
  forgetGit();
  await removeStaleScratch();
  const folder =
    flags.resume === undefined
      ? await beginSearch({ ...flags, paths }, flags.results, { onProgress: say })
      : await resumeSearch(paths, flags, isGiven);
  const shown = shownPath(folder);
  const view = openView(process.stderr);
  let result: SearchResult;
  try {
    result = await runSearch(folder, { view, qemu: flags.qemu });
  } catch (error) {
    view.close();
    if (!(error instanceof UserError)) say(`to go on: tscmatrix bisect --resume ${shown}`);
    throw error;
  }
  view.close();
  const { data, text, notes } = await writeReport(result, folder);
  process.stdout.write(flags.json === true ? `${json(data)}\n` : text);
  for (const note of notes) say(note);
  return result.end.kind === 'found' ? EXIT.ok : EXIT.unexpected;
}

/** What is searched for is in the journal: nothing of it can be said anew. */
async function resumeSearch(
  paths: readonly string[],
  flags: BisectFlags,
  isGiven: (flag: string) => boolean,
): Promise<string> {
  const stray = Object.keys(flags).find(
    (name) => isGiven(name) && !['resume', 'results', 'qemu', 'json', 'confinement'].includes(name),
  );
  if (stray !== undefined || paths.length > 0) {
    throw new UserError(
      `${stray === undefined ? 'paths do' : `${optionName(stray)} does`} not go with --resume: the search goes on as it was begun`,
      'leave it out, or begin anew without --resume',
    );
  }
  return findSearch(flags.results, flags.resume ?? true);
}
