/** git's hooks and "git bisect run" hand on where their repository is; what is named to us counts, and nothing else. */

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
