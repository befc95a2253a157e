/** The difference of the two trees as a patch of the distribution's package, and the spec that applies it. */
import { mkdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { block } from '../../base/safe-text.ts';
import { tryTool } from '../../host/process.ts';
import { writeWhole } from '../../host/write-whole.ts';
import { parsePatch } from '../patch/patch-text.ts';
import { fitInputs, openPlace, type Place, specPath, writeNote } from './place.ts';
import { checkSpec } from './prepare.ts';
import { changeSpec } from './spec.ts';

interface PatchOptions {
  /** File name in SOURCES; that of the last time, or one after the package, where it is not given. */
  readonly name?: string | undefined;
  /** ".tscheck" */
  readonly buildid: string;
  /** First line of the patch's header. */
  readonly subject: string;
}

export interface MadePatch {
  readonly path: string;
  readonly spec: string;
  readonly files: readonly string[];
  /** Lines of the spec that were put in or changed. */
  readonly changes: readonly string[];
}

/** What editors and patch(1) leave behind. */
const LEFT_BEHIND = ['*.orig', '*.rej', '*~', '.*.sw?', '.#*'];

/** Throws UserError where the trees are the same, or the spec has no place for a patch: then nothing is written. */
export async function patchPlace(folder: string, options: PatchOptions): Promise<MadePatch> {
  const place = await openPlace(folder);
  const { path, note } = place;
  if (!/^\.[A-Za-z0-9_.+~^]{1,60}$/.test(options.buildid))
    throw new UserError(
      `not a build id: ${JSON.stringify(options.buildid)}`,
      'it is put behind the release as it is, for example .tscheck: a dot, then letters, digits, _ . + ~',
    );
  const name =
    options.name ??
    note.patch ??
    `linux-${basename(note.srpm).replace(/^kernel-|(?:\.src)?\.rpm$/g, '')}.patch`;
  if (!/^[\w.+~-]+\.patch$/.test(name))
    throw new UserError(
      `not the name of a patch: ${JSON.stringify(name)}`,
      'a file name that ends in .patch',
    );
  const target = join(path, 'SOURCES', name);
  if (name !== note.patch && (await stat(target).catch(() => null)) !== null)
    throw new UserError(
      `the package has a source ${name} already`,
      'give the patch another name with --name',
    );
  const diff = await diffOf(place);
  const shown = specPath(place);
  const before = await readFile(shown, 'utf8');
  const changed = withName(shown, () => changeSpec(before, { patch: name, buildid: options.buildid }));
  await writeWhole(target, `${header(options.subject, note.srpm)}${diff}`);
  try {
    const inputs = await fitInputs(place, changed.text);
    await checkSpec(place, inputs, `${shown}, changed`, join(path, 'patch.log'));
  } catch (error) {
    if (name !== note.patch) await rm(target);
    throw error;
  }
  await writeWhole(shown, changed.text);
  await writeNote(path, { ...note, patch: name });
  const files = parsePatch(diff).map(({ oldPath, newPath }) => newPath ?? oldPath ?? '');
  return { path: target, spec: shown, files, changes: changed.changes };
}

/** As "git format-patch" writes it: "git am", "git apply" and patch(1) take it. */
function header(subject: string, srpm: string): string {
  return [
    'From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001',
    'From: tscmatrix <tscmatrix@localhost>',
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Subject: [PATCH] ${subject}`,
    '',
    `Difference of the tree of ${basename(srpm)}, made by tscmatrix rpm patch.`,
    '---',
    '',
    '',
  ].join('\n');
}

async function diffOf({ path }: Place): Promise<string> {
  const folder = join(path, 'tmp', 'diff');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Paths as git has them; diff follows links that it is given by name.
  await symlink('../../original', join(folder, 'a'));
  await symlink('../../changed', join(folder, 'b'));
  const excluded = LEFT_BEHIND.flatMap((glob) => ['--exclude', glob]);
  // UTC: a file that was not there has the date 0, by which git knows it.
  const result = await tryTool('diff', ['-uNrp', '--no-dereference', ...excluded, 'a/', 'b/'], {
    cwd: folder,
    env: { LC_ALL: 'C', TZ: 'UTC' },
    hint: 'apt-get install diffutils',
  });
  const text = result.stdout
    .replace(/^diff -uNrp .*\n/gm, '')
    .replaceAll(/^(---|\+\+\+) (a|b)\/\//gm, '$1 $2/');
  const binary =
    /^Binary files .* and (b\S+) differ$/m.exec(text)?.[1] ?? /^(?:File|Symbolic link) .*$/m.exec(text)?.[0];
  if (binary !== undefined)
    throw new UserError(
      `${join(path, 'changed')} differs in what is no text: ${binary.replace(/^b\/+/, '')}`,
      `if it was built in: make -C ${join(path, 'changed')} mrproper, and build with "tscmatrix rpm build"`,
    );
  if (result.exitCode > 1)
    throw new UserError(`the trees cannot be compared: ${result.stderr.trim().split('\n')[0]}`);
  if (text.trim() === '')
    throw new UserError(
      `${join(path, 'changed')} is as ${join(path, 'original')}: there is nothing to make a patch of`,
      'change the files of the first, and run it again',
    );
  // Of a program's output the last line feed is not kept.
  return `${text}\n`;
}

function withName<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${name} cannot be changed: ${error.message}`, error.hint, { cause: error });
  }
}

/** For people. */
export function patchedText({ path, spec, files, changes }: MadePatch): string {
  const list = (lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join('');
  return block(
    `${path} changes\n${list(files)}${spec}\n${list(changes.length > 0 ? changes : ['has it already'])}`,
  );
}
