/** What the sources say of how tsc is registered: arch/x86/kernel/tsc.c, init_tsc_clocksource(). */
import { functionLines, type TreeView } from './tree-view.ts';
import type { Fact } from './types.ts';

export const TSC_FILE = 'arch/x86/kernel/tsc.c';
/** It was renamed in v4.6. */
const FLAG_FILES = ['arch/x86/include/asm/cpufeatures.h', 'arch/x86/include/asm/cpufeature.h'];

export interface Shortcut {
  /** X86_FEATURE_... */
  readonly flag: string;
  readonly fact: Fact;
}

/** The capabilities with which init_tsc_clocksource() registers tsc at once; null if there is no such function. */
export async function shortcutsOf(view: TreeView): Promise<Shortcut[] | null> {
  const text = await view.text(TSC_FILE);
  const lines = text === null ? [] : functionLines(text, TSC_FILE, 'init_tsc_clocksource');
  if (lines.length === 0) return null;
  const shortcuts: Shortcut[] = [];
  for (const [index, fact] of lines.entries()) {
    // A block at the function's own level, one tab in.
    if (!/^\tif \(.*[^;]$/.test(fact.text)) continue;
    const end = lines.findIndex(
      ({ text: line }, at) => at > index && /^\t\S/.test(line) && !/^\t\s/.test(line),
    );
    const block = lines.slice(index, end < 0 ? lines.length : end);
    if (!block.some(({ text: line }) => /\bclocksource_register_\w+\(&clocksource_tsc,/.test(line))) continue;
    for (const [flag] of fact.text.matchAll(/X86_FEATURE_\w+/g)) shortcuts.push({ flag, fact });
  }
  return shortcuts;
}

/** Where a capability is defined; null if it is not, undefined if the tree has no list of them. */
export async function definitionOf(view: TreeView, flag: string): Promise<Fact | null | undefined> {
  let listed = false;
  for (const file of FLAG_FILES) {
    const text = await view.text(file);
    if (text === null) continue;
    // What is left of the old file includes the new one.
    listed ||= /^#\s*define\s+X86_FEATURE_/m.test(text);
    const lines = text.split('\n');
    const at = lines.findIndex((line) => new RegExp(`^#\\s*define\\s+${flag}\\b`).test(line));
    if (at >= 0) return { file, line: at + 1, text: (lines[at] ?? '').trimEnd() };
  }
  return listed ? null : undefined;
}

/** Lines of a file that match. */
export async function linesMatching(view: TreeView, file: string, pattern: RegExp): Promise<Fact[]> {
  const lines = (await view.text(file))?.split('\n') ?? [];
  return lines.flatMap((text, at) =>
    pattern.test(text) ? [{ file, line: at + 1, text: text.trimEnd() }] : [],
  );
}
