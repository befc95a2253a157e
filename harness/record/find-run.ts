/** Finds a run by what a user types. */
import { access, readdir, readlink } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { errnoOf, toResultsDirError } from '../host/write-faults.ts';
import { LATEST, LOG_FILE } from './writer.ts';

const SHOWN = 5;

/** Names of the runs in a results directory, newest first. None if there is no such directory yet. */
export async function listRuns(resultsDir: string): Promise<string[]> {
  let names: string[];
  try {
    names = (await readdir(resultsDir)).filter((name) => name !== LATEST);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw toResultsDirError(error, resultsDir);
  }
  const runs = await Promise.all(
    names.map(async (name) => ((await isRun(join(resultsDir, name))) ? [name] : [])),
  );
  // Numbers by value: a name's "-10" for the tenth run within one second comes after "-9".
  return runs.flat().sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
}

/**
 * The folder of a run named by "latest", its name, the beginning of its name, or the path of its folder.
 * Throws UserError if there is none, or more than one.
 */
export async function findRun(resultsDir: string, wanted: string): Promise<string> {
  if (wanted === LATEST) return latestRun(resultsDir);
  const runs = await listRuns(resultsDir);
  if (runs.includes(wanted)) return resolve(resultsDir, wanted);
  if (wanted.includes('/') || isAbsolute(wanted)) {
    if (await isRun(wanted)) return resolve(wanted);
    throw new UserError(`${wanted} is not the folder of a run`, `a run's folder holds ${LOG_FILE}`);
  }
  const matches = wanted === '' ? [] : runs.filter((run) => run.startsWith(wanted));
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return resolve(resultsDir, only);
  if (matches.length > 1) {
    throw new UserError(
      `"${wanted}" could be any of ${matches.length} runs`,
      `for example ${sample(matches)}`,
    );
  }
  const hint = runs.length === 0 ? 'there are no runs here yet' : `the newest are ${sample(runs)}`;
  throw new UserError(`no run in ${resultsDir} is called or begins with "${wanted}"`, hint);
}

async function latestRun(resultsDir: string): Promise<string> {
  const target = await readlink(join(resultsDir, LATEST)).catch(() => undefined);
  if (target !== undefined && (await isRun(resolve(resultsDir, target)))) return resolve(resultsDir, target);
  const [newest] = await listRuns(resultsDir);
  if (newest === undefined)
    throw new UserError(`there are no runs in ${resultsDir} yet`, 'tscmatrix run MATRIX makes one');
  return resolve(resultsDir, newest);
}

function sample(runs: readonly string[]): string {
  return runs.slice(0, SHOWN).join(', ');
}

async function isRun(dir: string): Promise<boolean> {
  return access(join(dir, LOG_FILE)).then(
    () => true,
    () => false,
  );
}
