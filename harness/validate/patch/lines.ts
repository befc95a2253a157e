/**
 * The changed lines of patches, in a form that survives other context, offsets and white space: what is compared is
 * which lines go and which come, per file.
 */
import type { FilePatch } from '../../kernel/patch/patch-text.ts';
import { functionOf } from './functions.ts';

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
