/**
 * What becomes of each hunk of a patch on copies of the files that it changes. If a build wants all or nothing and
 * stops at the first problem (apply.ts), this one looks at all of them, and what goes in goes in.
 */
import { UserError } from '../../base/errors.ts';
import { BuildError, printable } from '../make/errors.ts';
import type { InputFile } from '../make/input-file.ts';
import { type ApplyOptions, changesOf, copyIfThere, pathsOf, readChanged, runPatch } from './apply.ts';
import { describeHunk } from './patch-failure.ts';
import { type FilePatch, type HunkNote, parsePatchOutput } from './patch-text.ts';

/** `no-file`: the tree has no file to change. `already-there`: what it would do is done, line for line. */
export type HunkState = 'exact' | 'offset' | 'fuzz' | 'fails' | 'already-there' | 'no-file';

export interface HunkTrial {
  /** Path in the tree. */
  readonly file: string;
  /** Counted from 1 in its file, as patch(1) does. */
  readonly number: number;
  readonly state: HunkState;
  /** The line of the tree where it applies, was tried, or is found; from 1. */
  readonly line: number;
  /** Lines of context that differ. */
  readonly fuzz: number;
  /** Lines further down (or up, negative) than the patch says. */
  readonly offset: number;
  /** Of one that fails: what the patch expects and what the tree has, for a terminal. */
  readonly sides: string | null;
}

export interface PatchTrial {
  readonly hunks: readonly HunkTrial[];
  /** Some of it, or all, was written to the scratch folder. */
  readonly wrote: boolean;
  /** All hunks went in. */
  readonly applied: boolean;
}

interface TryOptions extends Pick<ApplyOptions, 'fuzz' | 'scratch'> {
  /** Files that the scratch folder speaks for, whether they are there or deleted; grows. */
  readonly copied: Set<string>;
}

/**
 * Tries `patch` on the files of `tree`, or on their copies in the scratch folder if earlier patches have put some.
 * A patch whose every hunk is there already is left alone. Throws UserError for text that is no patch.
 */
export async function tryPatch(tree: string, patch: InputFile, options: TryOptions): Promise<PatchTrial> {
  const files = readChanges(patch);
  for (const path of pathsOf(files)) {
    if (options.copied.has(path)) continue;
    options.copied.add(path);
    await copyIfThere(tree, path, options.scratch);
  }
  const before = new Map<string, string | null>();
  for (const path of pathsOf(files)) {
    const { content } = await readChanged(options.scratch, path);
    before.set(path, content === null ? null : content.toString('latin1'));
  }
  const dry = ['--dry-run'];
  const reversed = await run(patch, ['-R', '-F0', ...dry], options);
  const forward = await run(patch, [`-F${options.fuzz}`, ...dry], options);
  const hunks = files.flatMap((file) => trialsOf(file, before, forward.notes, reversed.notes));
  if (hunks.length > 0 && hunks.every(({ state }) => state === 'already-there')) {
    return { hunks, wrote: false, applied: false };
  }
  const { exitCode } = await run(patch, [`-F${options.fuzz}`], options);
  const wrote = hunks.some(({ state }) => state === 'exact' || state === 'offset' || state === 'fuzz');
  return { hunks, wrote: wrote || exitCode === 0, applied: exitCode === 0 };
}

/** What a patch changes. Throws UserError if it holds nothing that may be applied to a tree. */
export function readChanges(patch: InputFile): FilePatch[] {
  try {
    return changesOf(patch);
  } catch (error) {
    if (error instanceof BuildError) throw new UserError(error.message, error.hint, { cause: error });
    throw error;
  }
}

interface Run {
  readonly exitCode: number;
  readonly notes: readonly HunkNote[];
}

async function run(patch: InputFile, more: readonly string[], options: TryOptions): Promise<Run> {
  const { exitCode, stdout, stderr } = await runPatch(patch, more, options);
  // 2 is trouble of another kind: text that cannot be read as a patch, a file that cannot be written (patch(1)).
  if (exitCode > 1) {
    const why = printable((stderr || stdout).trim().split('\n').slice(-2).join('\n'));
    throw new UserError(`patch ${patch.name} cannot be read: ${why}`, 'is it a whole unified diff?');
  }
  return { exitCode, notes: parsePatchOutput(stdout) };
}

function trialsOf(
  file: FilePatch,
  before: ReadonlyMap<string, string | null>,
  forward: readonly HunkNote[],
  reversed: readonly HunkNote[],
): HunkTrial[] {
  const path = file.newPath ?? file.oldPath ?? '';
  const content = before.get(file.oldPath ?? path) ?? null;
  return file.hunks.map((hunk, index) => {
    const number = index + 1;
    const of = (notes: readonly HunkNote[]) =>
      notes.find((note) => note.file === path && note.hunk === number);
    const note = of(forward);
    const back = of(reversed);
    const { line = hunk.oldStart, fuzz = 0, offset = 0 } = note ?? {};
    const trial = (state: HunkState, more: Partial<HunkTrial> = {}): HunkTrial => ({
      file: path,
      number,
      state,
      line,
      fuzz,
      offset,
      sides: null,
      ...more,
    });
    if (content === null) {
      if (file.newPath === null) return trial('already-there', { line: 0 });
      return file.oldPath === null ? trial('exact') : trial('no-file', { line: 0 });
    }
    const failed = note?.failed === true;
    // If it fits backwards to the letter, and forwards only by leaving out context, it is there.
    if ((failed || fuzz > 0) && back?.failed !== true) {
      return trial('already-there', {
        line: back?.line ?? hunk.oldStart,
        fuzz: 0,
        offset: back?.offset ?? 0,
      });
    }
    if (failed) {
      const sides = describeHunk(hunk, content);
      return trial('fails', {
        fuzz: 0,
        offset: 0,
        sides: Buffer.from(sides, 'latin1').toString('utf8'),
      });
    }
    if (fuzz > 0) return trial('fuzz');
    return trial(offset === 0 ? 'exact' : 'offset');
  });
}
