/** git's hooks and "git bisect run" hand on where their repository is; what is named to us counts, and nothing else. */
import { EXIT } from '../base/errors.ts';

const NAMES = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_COMMON_DIR',
  'GIT_PREFIX',
  'GIT_NAMESPACE',
];

export function forgetGit(): void {
  for (const name of NAMES) delete process.env[name];
}

/** "The current source code cannot be tested": git-bisect(1). */
export const SKIP = 125;

/**
 * What goes wrong with us must end "git bisect run" and never be an answer: it takes 1 to 127 for bad. 129 is bad usage
 * or input, as git itself has it; the others are 128 more than usual.
 */
export function gitExitCode(code: number): number {
  if ([EXIT.ok, EXIT.unexpected, SKIP, EXIT.interrupted].includes(code)) return code;
  return code === EXIT.usage ? 129 : 128 + code;
}
