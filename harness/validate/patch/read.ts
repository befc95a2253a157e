/** Reads patch files: plain diffs, what git format-patch writes, and mailboxes with several patches. */
import { basename, join } from 'node:path';
import { type InputFile, inputFile, readInput } from '../../kernel/make/input-file.ts';
import { readChanged } from '../../kernel/patch/apply.ts';
import type { FilePatch } from '../../kernel/patch/patch-text.ts';
import { readChanges } from '../../kernel/patch/try-patch.ts';
import { NO_REPOSITORY, tryGit } from '../../kernel/tree/git.ts';

export interface ReadPatch {
  readonly input: InputFile;
  readonly name: string;
  readonly subject: string | null;
  readonly patchId: string | null;
  readonly files: readonly FilePatch[];
}

/** The line that git format-patch begins each patch with; a mailbox of another making is one patch. */
const MAIL = /^From [0-9a-f]{40}(?:[0-9a-f]{24})? .*$/gm;

/** `scratch` is an empty folder. Throws UserError for what is not there or is no patch. */
export async function readPatches(paths: readonly string[], scratch: string): Promise<ReadPatch[]> {
  const read: ReadPatch[] = [];
  for (const path of paths) {
    const mails = splitMails(await readInput('the patch', path));
    for (const [index, input] of mails.entries()) {
      const more = mails.length > 1 ? ` (${index + 1} of ${mails.length})` : '';
      read.push({
        input,
        name: `${basename(path)}${more}`,
        subject: await subjectOf(input, scratch),
        patchId: await patchIdOf(input.content),
        files: readChanges(input),
      });
    }
  }
  return read;
}

function splitMails(file: InputFile): InputFile[] {
  // A character for each byte: places in the text are places in the file.
  const starts = [...file.content.toString('latin1').matchAll(MAIL)].map(({ index }) => index);
  if (starts.length < 2) return [file];
  return starts.map((start, index) => inputFile(file.name, file.content.subarray(start, starts[index + 1])));
}

/** git-mailinfo(1) unfolds and decodes it, and takes "[PATCH 1/2]" off. */
async function subjectOf(input: InputFile, scratch: string): Promise<string | null> {
  if (!/^(?:From |Subject:|From:|Date:)/m.test(input.content.toString('latin1').slice(0, 20_000)))
    return null;
  const files = [join(scratch, 'mail-message'), join(scratch, 'mail-patch')];
  const result = await tryGit({ repository: NO_REPOSITORY }, ['mailinfo', ...files], input.content);
  if (result.exitCode !== 0) return null;
  return /^Subject: (.+)$/m.exec(result.stdout)?.[1] ?? null;
}

/** Null if git finds no diff: it wants the "diff --git" lines, which a plain diff need not have. */
export async function patchIdOf(content: Uint8Array): Promise<string | null> {
  const result = await tryGit({ repository: NO_REPOSITORY }, ['patch-id', '--stable'], content);
  return /^([0-9a-f]{40,64}) /m.exec(result.stdout)?.[1] ?? null;
}

/** A file of the tree as text; null if there is none. */
export async function textOf(tree: string, path: string): Promise<string | null> {
  return (await readChanged(tree, path)).content?.toString('utf8') ?? null;
}
