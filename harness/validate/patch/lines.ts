/**
 * The changed lines of patches, in a form that survives other context, offsets and white space: what is compared is
 * which lines go and which come, per file.
 */
import type { FilePatch, Hunk } from '../../kernel/patch/patch-text.ts';

export interface ChangedLine {
  readonly file: string;
  /** Index of the hunk in the list that the line belongs to. */
  readonly hunk: number;
  readonly sign: '-' | '+';
  /** As written, without the sign. */
  readonly text: string;
  /** Without white space and comments; empty if nothing is left. */
  readonly key: string;
  /** It goes in one place and comes in another of the same file: only the order is changed. */
  moved: boolean;
  /** The same line but for white space or a comment goes and comes. */
  reformatted: boolean;
}

interface HunkPlace {
  readonly patch: string;
  readonly file: string;
  readonly number: number;
  readonly function: string | null;
}

export interface Changes {
  readonly hunks: readonly HunkPlace[];
  readonly lines: readonly ChangedLine[];
}

interface NamedChanges {
  readonly name: string;
  readonly files: readonly FilePatch[];
}

/** Lines that are everywhere: they tell nothing of where a patch comes from. */
const TRIVIAL =
  /^(?:[{}();,]*|(?:else)?[{}]*else[{}]*|return0?;|break;|continue;|gotoout;|#(?:include.*|endif|else))$/;

/** Whether a line says something of the commit it comes from. */
export function counts(line: ChangedLine): boolean {
  return line.key !== '' && !line.moved && !line.reformatted && !TRIVIAL.test(line.key);
}

/** Functions of hunks that do not show theirs, by hunkKey(). */
export type HunkNames = ReadonlyMap<string, string>;

export function hunkKey(patch: string, file: string, number: number): string {
  return JSON.stringify([patch, file, number]);
}

/** What patches change together: a line that one adds and a later one removes is no change. */
export function changesOfPatches(patches: readonly NamedChanges[], names: HunkNames = new Map()): Changes {
  const hunks: HunkPlace[] = [];
  const lines: ChangedLine[] = [];
  for (const { name, files } of patches) {
    for (const file of files) {
      const path = file.newPath ?? file.oldPath ?? '';
      for (const [index, hunk] of file.hunks.entries()) {
        const number = index + 1;
        const within = functionOf(hunk) ?? names.get(hunkKey(name, path, number)) ?? null;
        const at = hunks.push({ patch: name, file: path, number, function: within }) - 1;
        let inComment = false;
        for (const line of hunk.lines) {
          const text = line.slice(1);
          const { key, open } = keyOf(text, path, inComment);
          inComment = open;
          if (line.startsWith(' ')) continue;
          const sign = line.startsWith('-') ? '-' : '+';
          lines.push({ file: path, hunk: at, sign, text, key, moved: false, reformatted: false });
        }
      }
    }
  }
  pair(lines);
  return { hunks, lines };
}

/** What a line is compared by. In C, `inComment` says that a comment was open before it. */
export function keyOf(text: string, file: string, inComment = false): { key: string; open: boolean } {
  if (!/\.[chS]$/.test(file)) return { key: text.replace(/\s+/g, ''), open: false };
  let rest = text;
  let open = inComment || /^\s*\*(?:\s|\/|$)/.test(text);
  let code = '';
  while (rest !== '') {
    const end = rest.indexOf(open ? '*/' : '/*');
    if (end < 0) {
      if (!open) code += rest;
      rest = '';
    } else {
      if (!open) code += rest.slice(0, end);
      rest = rest.slice(end + 2);
      open = !open;
    }
  }
  return { key: code.replace(/\/\/.*$/, '').replace(/\s+/g, ''), open };
}

/** Marks lines that go and come in the same file. */
function pair(lines: readonly ChangedLine[]): void {
  const gone = new Map<string, ChangedLine[]>();
  const name = ({ file, key }: ChangedLine): string => `${file}\0${key}`;
  for (const line of lines) {
    if (line.sign === '-' && line.key !== '') gone.set(name(line), [...(gone.get(name(line)) ?? []), line]);
  }
  for (const line of lines) {
    if (line.sign === '-' || line.key === '') continue;
    const list = gone.get(name(line)) ?? [];
    // The nearest one: the same line may go in several places.
    const near = [...list].sort((a, b) => Math.abs(a.hunk - line.hunk) - Math.abs(b.hunk - line.hunk))[0];
    if (near === undefined) continue;
    list.splice(list.indexOf(near), 1);
    const kind = near.text.trim() === line.text.trim() ? 'moved' : 'reformatted';
    near[kind] = true;
    line[kind] = true;
  }
}

/** The name of what the hunk's first change is in; null at file level and if it cannot be seen. */
export function functionOf(hunk: Hunk): string | null {
  const first = firstChange(hunk);
  for (let at = first; at >= 0; at -= 1) {
    const line = (hunk.lines[at] ?? '').slice(1);
    // The end of something, or a declaration of one line: what follows is at file level again.
    if (at < first && /^\S.*;\s*$|^\}/.test(line)) return nameIn(following(hunk, first));
    const name = nameIn(line);
    if (name !== null) return name;
  }
  return nameIn(hunk.section);
}

/** How many lines of context come first. */
export function firstChange(hunk: Hunk): number {
  return hunk.lines.findIndex((line) => !line.startsWith(' '));
}

/** The name of what a line of a file, counted from 1, is in; null at file level. */
export function functionAt(text: string, line: number): string | null {
  const lines = text.split('\n');
  for (let at = Math.min(line, lines.length) - 1; at >= 0; at -= 1) {
    if (/^\}|^\S.*;\s*$/.test(lines[at] ?? '')) return null;
    const name = nameIn(lines[at] ?? '');
    if (name !== null) return name;
  }
  return null;
}

/** If a change is between two functions, it belongs to the one that begins in it. */
function following(hunk: Hunk, first: number): string {
  const changed = hunk.lines.slice(first).filter((line) => !line.startsWith(' '));
  return changed.map((line) => line.slice(1)).find((line) => nameIn(line) !== null) ?? '';
}

/** git's own rule for C without a driver: a line that begins with a letter; labels and preprocessor lines are none. */
function nameIn(line: string): string | null {
  if (!/^[A-Za-z_]/.test(line) || /^\w+:/.test(line)) return null;
  const name =
    /(\w+)\s*\(/.exec(line.replace(/__attribute__\s*\(\(.*?\)\)/g, '')) ?? /(\w+)(?:\[\])?\s*=/.exec(line);
  if (name?.[1] === undefined || (/;\s*$/.test(line) && !line.includes('{'))) return null;
  return name[1];
}
