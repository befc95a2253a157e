/**
 * A user's repository, read through a git directory of our own: its objects, refs and logs by links, so that they are
 * always those of now, and nothing that makes git start a program: no configuration, no hooks, no attributes. It is how
 * contrib/workdir/git-new-workdir of git makes a second work tree, with the configuration left out.
 */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryTool } from '../../host/process.ts';
import { makeScratch } from '../../host/scratch.ts';
import { type Repository, readShort } from './repository.ts';

interface GitView {
  /** To be given as --git-dir. */
  readonly gitDir: string;
  /** The HEAD of now: it has to be a file, for git takes a link for a ref of old (validate_headref() in git's path.c). */
  refresh(): Promise<void>;
}

/**
 * What a tree's own .gitattributes may ask for and must not get: filters, other line ends, other encodings. In
 * info/attributes it stands above those of the tree (gitattributes(5)).
 */
export const NO_CONVERSION = '* -text !eol -ident !filter !working-tree-encoding\n';

/** Refs beside those in refs/, as people and "git bisect start --no-checkout" name them: gitrevisions(7). */
const PSEUDO_REFS = ['FETCH', 'ORIG', 'MERGE', 'REBASE', 'REVERT', 'CHERRY_PICK', 'BISECT'].map(
  (name) => `${name}_HEAD`,
);

const views = new Map<string, Promise<GitView>>();

/** One for each repository, as long as we run. */
export function gitView(repository: Repository): Promise<GitView> {
  const known = views.get(repository.gitDir);
  if (known !== undefined) return known;
  const made = makeView(repository);
  views.set(repository.gitDir, made);
  made.catch(() => views.delete(repository.gitDir));
  return made;
}

async function makeView({ gitDir, commonDir }: Repository): Promise<GitView> {
  const { path } = await makeScratch();
  await mkdir(join(path, 'info'));
  await mkdir(join(path, 'logs'));
  const links = {
    objects: join(commonDir, 'objects'),
    refs: join(commonDir, 'refs'),
    reftable: join(commonDir, 'reftable'),
    'packed-refs': join(commonDir, 'packed-refs'),
    shallow: join(commonDir, 'shallow'),
    'info/exclude': join(commonDir, 'info', 'exclude'),
    'logs/refs': join(commonDir, 'logs', 'refs'),
    'logs/HEAD': join(gitDir, 'logs', 'HEAD'),
    ...Object.fromEntries(PSEUDO_REFS.map((name) => [name, join(gitDir, name)])),
  };
  // What the repository does not have is a link to nothing, which git takes for nothing.
  for (const [name, target] of Object.entries(links)) await symlink(target, join(path, name));
  await writeFile(join(path, 'info', 'attributes'), NO_CONVERSION);
  await writeFile(join(path, 'config'), await ownConfiguration(commonDir));
  let head = '';
  return {
    gitDir: path,
    async refresh() {
      const now = (await readShort(join(gitDir, 'HEAD'))) ?? '';
      if (now === head) return;
      await writeFile(join(path, 'HEAD'), now);
      head = now;
    },
  };
}

/** How objects and refs are stored has to be known to read them; nothing else of the configuration is taken. */
async function ownConfiguration(commonDir: string): Promise<string> {
  const format = await repositoryOption(commonDir, 'extensions.objectFormat');
  const storage = await repositoryOption(commonDir, 'extensions.refStorage');
  const extensions = [
    ...(format === null ? [] : [`\tobjectFormat = ${/^\w+$/.exec(format)?.[0] ?? ''}\n`]),
    ...(storage === null ? [] : [`\trefStorage = ${/^\w+$/.exec(storage)?.[0] ?? ''}\n`]),
  ];
  const version = extensions.length === 0 ? 0 : 1;
  const core = `[core]\n\trepositoryFormatVersion = ${version}\n\tbare = true\n`;
  return extensions.length === 0 ? core : `${core}[extensions]\n${extensions.join('')}`;
}

/** One value of a repository's configuration, read as a file: files that it includes are not, and nothing is started. */
export async function repositoryOption(commonDir: string, name: string): Promise<string | null> {
  const args = ['config', '--no-includes', '--file', join(commonDir, 'config'), '--get', name];
  const { exitCode, stdout } = await tryTool('git', args, {
    cwd: '/',
    env: { LC_ALL: 'C', GIT_DIR: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' },
    hint: 'apt-get install git',
  });
  return exitCode === 0 ? stdout.trim() : null;
}
