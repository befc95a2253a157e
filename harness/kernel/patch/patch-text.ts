/** Reads unified diffs: which files a patch changes, and its hunks. */

export interface Hunk {
  /** The first line of the old file that it shows, from 1; 0 for a new file. */
  readonly oldStart: number;
  /** What diff wrote after the second @@: mostly the line that the function before the hunk begins with. */
  readonly section: string;
  /** Lines with their ' ', '-' or '+'. */
  readonly lines: readonly string[];
}

export interface FilePatch {
  /** Path in the tree before and after, null if there is no such file. */
  readonly oldPath: string | null;
  readonly newPath: string | null;
  readonly hunks: readonly Hunk[];
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@(.*)/;
const GIT = /^diff --git a\/(\S+) b\/(\S+)$/;

/** The changes of a patch with paths of one folder too many ("a/..."), as git makes it. */
export function parsePatch(text: string): FilePatch[] {
  const lines = text.split('\n');
  const patches: FilePatch[] = [];
  let git: { old: string; new: string } | undefined;
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const named = GIT.exec(line);
    if (named !== null) git = { old: named[1] ?? '', new: named[2] ?? '' };
    if (
      git !== undefined &&
      /^(?:rename to|copy to|GIT binary patch|deleted file mode|new file mode|new mode)/.test(line)
    ) {
      // Changes without hunks; if hunks follow, the entry with them is another one for the same file.
      const created = line.startsWith('new file');
      patches.push({
        oldPath: created ? null : git.old,
        newPath: line.startsWith('deleted') ? null : git.new,
        hunks: [],
      });
    }
    const next = lines[at + 1] ?? '';
    if (line.startsWith('--- ') && next.startsWith('+++ ') && HUNK.test(lines[at + 2] ?? '')) {
      const { hunks, end } = readHunks(lines, at + 2);
      patches.push({ oldPath: pathOf(line), newPath: pathOf(next), hunks });
      at = end;
      git = undefined;
    } else at += 1;
  }
  return patches;
}

/** "--- a/dir/file<tab>date" as dir/file, /dev/null as null. */
function pathOf(line: string): string | null {
  const path = (line.slice(4).split('\t')[0] ?? '').trim();
  if (path === '/dev/null') return null;
  return path.replace(/^[^/]*\/+/, '');
}

function readHunks(lines: readonly string[], start: number): { hunks: Hunk[]; end: number } {
  const hunks: Hunk[] = [];
  let at = start;
  for (let header = HUNK.exec(lines[at] ?? ''); header !== null; header = HUNK.exec(lines[at] ?? '')) {
    let oldLeft = Number(header[2] ?? 1);
    let newLeft = Number(header[3] ?? 1);
    const body: string[] = [];
    at += 1;
    while (at < lines.length && (oldLeft > 0 || newLeft > 0 || lines[at]?.startsWith('\\'))) {
      const line = lines[at] ?? '';
      at += 1;
      if (line.startsWith('\\')) continue; // "No newline at end of file"
      if (!line.startsWith('+')) oldLeft -= 1;
      if (!line.startsWith('-')) newLeft -= 1;
      body.push(line === '' ? ' ' : line);
    }
    if (lines[at]?.startsWith('\\')) at += 1;
    hunks.push({ oldStart: Number(header[1]), section: (header[4] ?? '').trim(), lines: body });
  }
  return { hunks, end: at };
}

/** What patch(1) said of one hunk that did not apply as written. */
export interface HunkNote {
  readonly file: string;
  readonly hunk: number;
  readonly failed: boolean;
  /** The line where it was tried or applied, from 1. */
  readonly line: number;
  readonly fuzz: number;
  readonly offset: number;
}

/** Reads what GNU patch prints in the C locale. */
export function parsePatchOutput(text: string): HunkNote[] {
  const notes: HunkNote[] = [];
  let file = '';
  for (const line of text.split('\n')) {
    const started = /^(?:patching|checking) file '?(.+?)'?(?: \(.*\))?$/.exec(line);
    if (started !== null) file = started[1] ?? '';
    const hunk = /^Hunk #(\d+) (succeeded|FAILED) at (\d+)(.*)\.$/.exec(line);
    if (hunk === null) continue;
    const rest = hunk[4] ?? '';
    notes.push({
      file,
      hunk: Number(hunk[1]),
      failed: hunk[2] === 'FAILED',
      line: Number(hunk[3]),
      fuzz: Number(/with fuzz (\d+)/.exec(rest)?.[1] ?? 0),
      offset: Number(/offset (-?\d+) line/.exec(rest)?.[1] ?? 0),
    });
  }
  return notes;
}
