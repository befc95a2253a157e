/** `rpmbuild -bp` of a kernel's source RPM in a folder of ours: its tree with the distribution's patches, twice. */
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { block } from '../../base/safe-text.ts';
import { plainTable } from '../../base/table.ts';
import { makeFailure } from '../make/make-failure.ts';
import { builtIn, copyTree } from '../tree/source-plain.ts';
import { sectionFault, specFault } from './failure.ts';
import { type FittedInputs, fitInputs, type Place, readNote, specPath, writeNote } from './place.ts';
import { makeTopdir, runInTopdir, runRpm } from './rpmbuild.ts';
import { readSrpm, unpackSrpm } from './srpm.ts';

interface PrepareOptions {
  readonly jobs?: number | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface Prepared {
  readonly folder: string;
  readonly spec: string;
  /** The tree as the distribution builds it, and the copy to change. */
  readonly original: string;
  readonly changed: string;
  readonly logPath: string;
  /** What could not be had here, and is left out. */
  readonly off: readonly string[];
}

/** ./kernel-3.10.0-957.el7 of kernel-3.10.0-957.el7.src.rpm. */
function defaultFolder(srpm: string): string {
  return resolve(basename(srpm).replace(/(?:\.src)?\.rpm$/, ''));
}

/** Throws UserError for what is no kernel's source RPM, and for a folder that holds something else; BuildError where %prep fails. */
export async function prepareSrpm(
  path: string,
  { output: given, ...options }: PrepareOptions & { readonly output?: string | undefined },
): Promise<Prepared> {
  const output = given === undefined ? defaultFolder(path) : resolve(given);
  const place = await beginPlace(path, output, options);
  try {
    const { tree, off, logPath } = await runPrep(place, options);
    const [original, changed] = [join(output, 'original'), join(output, 'changed')];
    await rename(tree, original);
    await clearBuild(output);
    options.onProgress?.('copying the tree');
    // Hard links would change with the copy: an editor may write into the file that it has.
    await copyTree(original, changed);
    await writeNote(output, { ...place.note, stage: 'prepared' });
    return { folder: output, spec: specPath(place), original, changed, logPath, off };
  } catch (error) {
    // Of an interruption it stays, and the next prepare replaces it: a tree takes longer to remove than Ctrl-C may.
    if (error instanceof UserError) await rm(output, { recursive: true, force: true });
    throw error;
  }
}

/** The tree alone, moved to the empty folder `into`, fit to be built from: for `source: { srpm, prepared: true }`. */
export async function unpackPrepared(
  path: string,
  scratch: string,
  into: string,
  options: PrepareOptions,
): Promise<void> {
  const place = await beginPlace(path, join(scratch, 'rpm'), options);
  const { tree, logPath } = await runPrep(place, options);
  await cleanTree(tree, place, logPath);
  await rename(tree, join(into, 'linux'));
}

async function beginPlace(path: string, folder: string, { jobs }: PrepareOptions): Promise<Place> {
  const srpm = await readSrpm(path);
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new UserError(
      `${folder} is no folder for a source RPM: ${error.message}`,
      'name another with --output',
    );
  });
  const before = await readNote(folder);
  if (there.length > 0 && before?.stage !== 'preparing')
    throw new UserError(
      `${folder} is not empty`,
      before === undefined
        ? 'name another folder with --output'
        : 'a source RPM was prepared there already: go on with "tscmatrix rpm patch", or remove it',
    );
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { spec, dist } = srpm;
  const note = { version: 1, stage: 'preparing', srpm: resolve(path), spec, dist } as const;
  await writeNote(folder, note);
  const place: Place = { path: folder, dist, note, jobs };
  await makeTopdir(place);
  await unpackSrpm(srpm, place);
  return place;
}

interface Prepped {
  readonly tree: string;
  readonly off: readonly string[];
  readonly logPath: string;
}

async function runPrep(place: Place, { onProgress }: PrepareOptions): Promise<Prepped> {
  const { path, note } = place;
  const logPath = join(path, 'prepare.log');
  const inputs = await fitInputs(place, await readFile(specPath(place), 'utf8'));
  const { spec } = inputs;
  onProgress?.(`reading ${note.spec}`);
  const shown = `${note.spec} in ${note.srpm}`;
  await checkSpec(place, inputs, shown, logPath);
  let count = 0;
  const { exitCode, lines } = await runRpm('rpmbuild', ['-bp', '--nodeps', ...inputs.switches, spec], place, {
    inputs,
    logPath,
    onLine: (line) => {
      count += 1;
      onProgress?.(`%prep, line ${count}: ${line}`);
    },
  });
  if (exitCode !== 0) throw sectionFault(shown, lines, logPath);
  return { tree: await findTree(join(path, 'BUILD'), note.srpm), off: inputs.off, logPath };
}

/** Has rpm read the spec. Throws UserError with its place for one that it cannot. */
export async function checkSpec(
  place: Place,
  inputs: FittedInputs,
  shown: string,
  logPath: string,
): Promise<void> {
  const args = [
    '--query',
    '--srpm',
    '--queryformat',
    'read as %{name} %{version} %{release}\\n',
    ...inputs.switches,
  ];
  const { exitCode, lines } = await runRpm('rpmspec', [...args, inputs.spec], place, { inputs, logPath });
  if (exitCode !== 0) throw specFault(shown, lines);
}

/** How far below BUILD a tree lies: kernel-3.10.0-957.el7/linux-3.10.0-957.el7.x86_64. */
const DEEP = 3;

async function findTree(build: string, srpm: string): Promise<string> {
  let folders = [build];
  for (let depth = 0; depth <= DEEP; depth += 1) {
    const trees: string[] = [];
    for (const folder of folders) if (await isKernelTree(folder)) trees.push(folder);
    // Beside the tree that is patched some specs keep the one of upstream.
    const own = trees.filter((tree) => !basename(tree).startsWith('vanilla-'));
    const [tree, another] = own.length > 0 ? own : trees;
    if (another !== undefined)
      throw new UserError(
        `${srpm} leaves more than one kernel tree behind %prep: ${basename(tree ?? '')}, ${basename(another)}`,
      );
    if (tree !== undefined) return tree;
    folders = (await Promise.all(folders.map(foldersIn))).flat();
  }
  throw new UserError(
    `${srpm} holds no kernel: its %prep leaves no Makefile with a Kconfig and arch/x86 beside it`,
    'the source RPM of a kernel is named like kernel-3.10.0-957.el7.src.rpm',
  );
}

async function isKernelTree(folder: string): Promise<boolean> {
  const parts = ['Makefile', 'Kconfig', 'arch/x86'].map((name) => stat(join(folder, name)));
  return (await Promise.allSettled(parts)).every(({ status }) => status === 'fulfilled');
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [join(folder, entry.name)] : []));
}

export async function clearBuild(folder: string): Promise<void> {
  for (const name of ['BUILD', 'BUILDROOT']) await rm(join(folder, name), { recursive: true, force: true });
}

/** kbuild takes no tree that was configured in itself, which some %prep do. */
async function cleanTree(tree: string, place: Place, logPath: string): Promise<void> {
  if ((await builtIn(tree)) === undefined) return;
  const { exitCode, lines } = await runInTopdir(['make', '-C', tree, 'mrproper'], place, { logPath });
  if (exitCode !== 0) throw makeFailure('mrproper', exitCode, lines, logPath);
}

/** For people. */
export function preparedText({ folder, original, changed, spec, off, logPath }: Prepared): string {
  const rows = [
    ['as the distribution builds it', original],
    ['to be changed', changed],
    ['spec', spec],
    ['log', logPath],
  ];
  const left = off.map((line) => `  ${line}\n`).join('');
  return block(
    `${plainTable(['what', 'where'], rows)}${off.length > 0 ? `switched off here:\n${left}` : ''}next: change files of ${changed}, then: tscmatrix rpm patch ${folder}\n`,
  );
}
