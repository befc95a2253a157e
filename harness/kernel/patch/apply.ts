/**
 * Applies patches to copies of the files that they change, in a scratch folder. The tree itself is only read: what
 * comes out is a list of files that differ from it, or an error.
 */
import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readBelow } from '../../host/inside.ts';
import { type ToolResult, tryTool } from '../../host/process.ts';
import { BuildError, printable } from '../make/errors.ts';
import type { InputFile } from '../make/input-file.ts';
import type { PatchShift } from '../types.ts';
import { describeHunk } from './patch-failure.ts';
import { type FilePatch, parsePatch, parsePatchOutput } from './patch-text.ts';

/** A file that differs from the source's; null content if it is gone. */
export interface ChangedFile {
  readonly content: Buffer | null;
  readonly mode: number;
}

/** By path in the tree. */
export type Overlay = ReadonlyMap<string, ChangedFile>;

export interface Applied {
  readonly overlay: Overlay;
  /** For each patch, if it did not apply exactly as written. */
  readonly shifts: readonly (readonly PatchShift[])[];
}

export interface ApplyOptions {
  readonly fuzz: number;
  readonly scratch: string;
  /** A patch that the tree has already is passed over: of many commits some have it. Else it is an error. */
  readonly passOverApplied?: boolean;
  /** Of ours, after the others; the tree, or a patch before, may have done the same. */
  readonly fixups?: readonly InputFile[];
}

const EXECUTABLE = 0o111;
/** Fix-ups are made for many trees. */
const FIXUP_FUZZ = 3;

export async function applyPatches(
  tree: string,
  patches: readonly InputFile[],
  options: ApplyOptions,
): Promise<Applied> {
  const seen = new Set<string>();
  const shifts: (readonly PatchShift[])[] = [];
  const { fixups = [] } = options;
  const fixing = { ...options, fuzz: FIXUP_FUZZ, passOverApplied: true };
  for (const patch of [...patches, ...fixups]) {
    const files = changesOf(patch);
    for (const path of pathsOf(files)) {
      if (seen.has(path)) continue;
      seen.add(path);
      await copyIfThere(tree, path, options.scratch);
    }
    shifts.push(await applyOne(patch, files, fixups.includes(patch) ? fixing : options));
  }
  const overlay = new Map<string, ChangedFile>();
  for (const path of [...seen].sort()) {
    const before = await readChanged(tree, path);
    const after = await readChanged(options.scratch, path);
    if (!sameFile(before, after)) overlay.set(path, after);
  }
  return { overlay, shifts };
}

/** A file of a tree, or of the folder that patches work in. Throws UserError for what lies outside, and is no plain file. */
export async function readChanged(tree: string, path: string): Promise<ChangedFile> {
  try {
    const content = await readBelow(tree, path);
    return { content, mode: 0o644 | ((await lstat(join(tree, path))).mode & EXECUTABLE) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return { content: null, mode: 0o644 };
    throw error;
  }
}

export function sameFile(a: ChangedFile, b: ChangedFile): boolean {
  if (a.content === null || b.content === null) return a.content === b.content;
  return a.content.equals(b.content) && (a.mode & EXECUTABLE) === (b.mode & EXECUTABLE);
}

/** Of the old files and the new ones, each once. */
export function pathsOf(files: readonly FilePatch[]): string[] {
  const all = files.flatMap(({ oldPath, newPath }) => [oldPath, newPath]);
  return [...new Set(all.filter((path) => path !== null))];
}

/** What a patch changes. Throws BuildError if it holds nothing that may be applied to a tree. */
export function changesOf(patch: InputFile): FilePatch[] {
  const text = patch.content.toString('latin1');
  const files = parsePatch(text);
  const title = `patch ${basename(patch.name)}`;
  if (files.length === 0)
    throw new BuildError('patch', `${title} holds no change`, { hint: 'is it a unified diff?' });
  if (/^GIT binary patch$/m.test(text)) throw new BuildError('patch', `${title} changes a binary file`);
  for (const path of pathsOf(files)) {
    if (path.startsWith('/') || path.split('/').includes('..') || path === '') {
      throw new BuildError('patch', `${title} names a file outside the tree: ${printable(path)}`);
    }
  }
  return files;
}

export async function copyIfThere(tree: string, path: string, scratch: string): Promise<void> {
  const found = await lstat(join(tree, path)).catch(() => undefined);
  if (!found?.isFile()) return;
  const { content, mode } = await readChanged(tree, path);
  if (content === null) return;
  await mkdir(dirname(join(scratch, path)), { recursive: true });
  await writeFile(join(scratch, path), content, { mode });
}

/** patch(1) in the scratch folder. Its exit code is 0 if all hunks went in, 1 if some did not. */
export function runPatch(
  patch: InputFile,
  more: readonly string[],
  { scratch }: Pick<ApplyOptions, 'scratch'>,
): Promise<ToolResult> {
  return tryTool(
    'patch',
    // An ed script among the diffs would be a program for ed(1).
    ['-p1', '--unified', '--force', '--no-backup-if-mismatch', '--reject-file=-', '-d', scratch, ...more],
    {
      env: { LC_ALL: 'C' },
      input: patch.content,
      hint: 'apt-get install patch',
    },
  );
}

async function applyOne(
  patch: InputFile,
  files: readonly FilePatch[],
  { fuzz, scratch, passOverApplied }: ApplyOptions,
): Promise<PatchShift[]> {
  const title = `patch ${basename(patch.name)}`;
  for (const { oldPath, hunks } of files) {
    if (oldPath === null || hunks.length === 0) continue;
    if ((await readChanged(scratch, oldPath)).content === null) {
      throw new BuildError('patch', `${title} changes ${printable(oldPath)}, which this tree does not have`);
    }
  }
  const before = new Map<string, string>();
  for (const { oldPath } of files) {
    if (oldPath === null) continue;
    before.set(oldPath, (await readChanged(scratch, oldPath)).content?.toString('latin1') ?? '');
  }
  const run = (more: readonly string[]) => runPatch(patch, more, { scratch });
  const reversed = await run(['-R', '-F0', '--dry-run']);
  const result = await run([`-F${fuzz}`]);
  const notes = parsePatchOutput(result.stdout);
  if (result.exitCode === 0) {
    return notes.map(({ file, hunk, fuzz: lines, offset }) => ({ file, hunk, fuzz: lines, offset }));
  }
  if (reversed.exitCode === 0) {
    if (passOverApplied === true) return [];
    throw new BuildError('patch', `${title} is in this tree already`, {
      hint: 'leave it out for this source',
    });
  }
  const failed = notes.find((note) => note.failed);
  const file = files.find(
    ({ oldPath, newPath, hunks }) => hunks.length > 0 && (newPath ?? oldPath) === failed?.file,
  );
  const hunk = failed && file?.hunks[failed.hunk - 1];
  if (failed === undefined || hunk === undefined) {
    throw new BuildError('patch', `${title} does not apply:\n${printable(result.stdout.trim())}`);
  }
  const sides = describeHunk(hunk, before.get(file?.oldPath ?? '') ?? '');
  const count = notes.filter((note) => note.failed).length;
  const more = count > 1 ? `; ${count} hunks of the patch fail` : '';
  throw new BuildError(
    'patch',
    `${title} does not apply: ${printable(failed.file)}, hunk ${failed.hunk}${more}\n${Buffer.from(sides, 'latin1').toString('utf8')}`,
    { hint: 'make the patch anew for this tree, or leave it out' },
  );
}
