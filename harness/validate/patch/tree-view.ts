/** Files of a tree as they are with the patches: copies in the scratch folder if there are any, else the tree's own. */
import { type Changes, counts, keyOf } from './lines.ts';
import { textOf } from './read.ts';
import type { Fact, Presence } from './types.ts';

export interface TreeView {
  /** Null if the tree has no such file. */
  readonly text: (path: string) => Promise<string | null>;
}

export function treeView(tree: string, scratch: string, copied: ReadonlySet<string>): TreeView {
  return { text: (path) => textOf(copied.has(path) ? scratch : tree, path) };
}

/** The lines of a file as patches are compared by, comments left out. */
export function keysOf(text: string, file: string): Set<string> {
  const keys = new Set<string>();
  let inComment = false;
  for (const line of text.split('\n')) {
    const { key, open } = keyOf(line, file, inComment);
    inComment = open;
    if (key !== '') keys.add(key);
  }
  return keys;
}

/** The lines of a function of kernel style, from its head to the bracket at the left edge; none if it is not there. */
export function functionLines(text: string, file: string, name: string): Fact[] {
  const lines = text.split('\n');
  const head = new RegExp(`^[A-Za-z_].*\\b${name}\\(`);
  for (let start = 0; start < lines.length; start += 1) {
    if (!head.test(lines[start] ?? '')) continue;
    let end = start;
    while (end < lines.length && !/^\}|;\s*$/.test(lines[end] ?? '') && lines[end] !== '{') end += 1;
    if (lines[end] !== '{') continue; // A declaration.
    while (end < lines.length && !/^\}/.test(lines[end] ?? '')) end += 1;
    return lines
      .slice(start, end + 1)
      .map((line, index) => ({ file, line: start + index + 1, text: line.trimEnd() }));
  }
  return [];
}

/** Lines that the commit adds and the tree has; of a commit that only takes lines out, those that are gone. */
export async function presenceOf(changes: Changes, view: TreeView): Promise<Presence> {
  const telling = changes.lines.filter(counts);
  const added = telling.filter(({ sign }) => sign === '+');
  const looked = added.length > 0 ? added : telling;
  const keys = new Map<string, ReadonlySet<string>>();
  let found = 0;
  for (const { file, key, sign } of looked) {
    if (!keys.has(file)) keys.set(file, keysOf((await view.text(file)) ?? '', file));
    if ((keys.get(file)?.has(key) ?? false) === (sign === '+')) found += 1;
  }
  return { found, of: looked.length };
}
