/** How much of a commit a tree has. */
import { type Changes, counts } from './lines.ts';
import { keysOf, type TreeView } from './tree-view.ts';
import type { Presence } from './types.ts';

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
