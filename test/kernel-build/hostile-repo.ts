/** A repository that asks git in every way we know of to start a program; each leaves a mark. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git, writeProgram, writeTree } from './fake-tree.ts';

export interface HostileRepo {
  readonly tree: string;
  /** Names of the programs that were started. */
  marks(): Promise<string[]>;
}

const HOOKS = ['post-checkout', 'reference-transaction', 'post-index-change', 'pre-commit', 'post-merge'];

async function evil(folder: string, name: string): Promise<string> {
  return writeProgram(
    join(folder, 'evil', name),
    `#!/bin/sh\ntouch ${folder}/marks/${name}\ncase ${name} in filter) cat ;; textconv) cat "$1" ;; esac\nexit 0\n`,
  );
}

async function configure(folder: string, repository: string): Promise<void> {
  const set = (name: string, value: string) => git(repository, 'config', name, value);
  const program = (name: string) => evil(folder, name);
  set('filter.x.clean', await program('filter'));
  set('filter.x.smudge', await program('filter'));
  set('filter.x.required', 'true');
  set('diff.x.textconv', await program('textconv'));
  set('diff.external', await program('diff'));
  set('core.fsmonitor', await program('fsmonitor'));
  set('core.sshCommand', await program('ssh'));
  set('core.pager', await program('pager'));
  set('gpg.program', await program('gpg'));
  set('log.showSignature', 'true');
  set('core.hooksPath', join(folder, 'evil', 'hooks'));
  // A partial clone fetches what it lacks, by whatever its remote says.
  set('extensions.partialClone', 'origin');
  set('remote.origin.promisor', 'true');
  set('remote.origin.url', `ext::${await program('ext')}`);
  set('protocol.ext.allow', 'always');
  for (const name of HOOKS) await evil(folder, name);
  await mkdir(join(folder, 'evil', 'hooks'), { recursive: true });
  for (const name of HOOKS) {
    await writeProgram(join(folder, 'evil', 'hooks', name), `#!/bin/sh\ntouch ${folder}/marks/${name}\n`);
  }
}

/** Two commits, "one" and main, the second one signed; a change that is not committed; a repository below it. */
export async function hostileRepo(folder: string): Promise<HostileRepo> {
  const tree = await writeTree(join(folder, 'tree'));
  await mkdir(join(folder, 'marks'));
  await writeFile(join(tree, '.gitattributes'), '* filter=x diff=x\n');
  git(tree, 'init', '-q', '-b', 'main');
  const sub = join(tree, 'sub');
  await mkdir(sub);
  await writeFile(join(sub, 'file'), 'a\n');
  git(sub, 'init', '-q', '-b', 'main');
  git(sub, 'add', '-A');
  git(sub, 'commit', '-qm', 'below');
  git(tree, '-c', 'advice.addEmbeddedRepo=false', 'add', '-A');
  git(tree, 'commit', '-qm', 'first');
  git(tree, 'tag', 'one');
  await writeFile(join(tree, 'notes.txt'), 'a\nb\nother\nd\ne\nf\n');
  git(tree, 'add', 'notes.txt');
  const written = git(tree, 'write-tree');
  const signed = `tree ${written}\nparent ${git(tree, 'rev-parse', 'one')}
author a <a@b> 1767225600 +0000
committer a <a@b> 1767225600 +0000
gpgsig -----BEGIN PGP SIGNATURE-----
 
 aaaa
 -----END PGP SIGNATURE-----

second
`;
  const id = execFileSync('git', ['hash-object', '-t', 'commit', '-w', '--stdin'], {
    cwd: tree,
    input: signed,
    encoding: 'utf8',
  }).trim();
  git(tree, 'update-ref', 'refs/heads/main', id);
  await writeFile(join(tree, 'notes.txt'), 'not committed\n');
  await configure(folder, tree);
  await configure(folder, sub);
  return { tree, marks: async () => (await readdir(join(folder, 'marks'))).sort() };
}
