/** The matrices that come along: "builtin:quick" wherever a command takes the path of a matrix. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { suggestion } from '../base/suggest.ts';
import { projectFolder } from '../host/project.ts';

const PREFIX = 'builtin:';
const ENDING = '.yaml';

const folder = (): string => join(projectFolder(), 'matrices');

function names(): string[] {
  const files = readdirSync(folder()).filter((file) => file.endsWith(ENDING));
  return files.map((file) => file.slice(0, -ENDING.length)).sort();
}

/** Whether a word names a matrix, and no kernel: by its ending, or as one that comes along. */
export const isMatrixPath = (word: string): boolean => word.startsWith(PREFIX) || /\.ya?ml$/.test(word);

/** The file of a built-in matrix; another path as it is. Throws UserError for a name that no built-in matrix has. */
export function matrixFile(path: string): string {
  if (!path.startsWith(PREFIX)) return path;
  const name = path.slice(PREFIX.length);
  if (names().includes(name)) return join(folder(), `${name}${ENDING}`);
  throw new UserError(`there is no built-in matrix "${name}"`, suggestion(name, names()));
}

/** For messages: "builtin:centos7, builtin:nightly, ...". */
export const builtinsText = (): string =>
  names()
    .map((name) => `${PREFIX}${name}`)
    .join(', ');
