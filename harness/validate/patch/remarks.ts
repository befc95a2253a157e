/** Sentences on what a patch does or cannot do in this tree. Each rests on lines of the patch or of the tree. */
import { type ChangedLine, type Changes, counts } from './lines.ts';
import { functionLines, type TreeView } from './tree-view.ts';
import type { Applies, Fact, Likeness, OnePatch, Remark } from './types.ts';

const FORCES = /setup_force_cpu_cap\((X86_FEATURE_TSC_\w+)\)/;
/** Where registration, calibration and the watchdog of tsc are decided. */
const CONCERNED =
  /^(?:arch\/x86\/(?:kernel\/(?:tsc|kvm|hpet|jailhouse|apic\/|cpu\/|time\.c|x86_init)|xen\/time|hyperv\/|include\/asm\/(?:tsc|cpufeature|kvm|hpet))|kernel\/time\/|drivers\/clocksource\/|include\/linux\/clocksource)/;

interface RemarkInput {
  readonly patches: readonly OnePatch[];
  readonly applies: Applies | null;
  readonly changes: Changes;
  readonly alike: readonly Likeness[];
  /** The tree with the patch, as far as it went in; null without a tree. */
  readonly view: TreeView | null;
}

export async function remarksOn(subject: RemarkInput): Promise<Remark[]> {
  const { view, changes, alike } = subject;
  const shortcuts = view === null ? null : await shortcutsOf(view);
  return [
    ...onTree(subject),
    ...(subject.applies === 'already-there' ? [] : alike.flatMap(hadBefore)),
    ...alike.filter(({ reverse, complete }) => reverse && complete).map(takesOut),
    ...onKind(changes),
    ...(view === null ? [] : await onFlags(changes, view, shortcuts)),
    ...onShortcuts(changes, shortcuts),
    ...onLimit(changes),
    ...(await onWatchdog(changes, view)),
  ];
}

function plain(code: Remark['code'], text: string): Remark {
  return { code, text, facts: [] };
}

function takesOut({ id, title }: Likeness): Remark {
  return plain('takes-out', `the patch takes ${id} ("${title}") out of the tree`);
}

/** The base has a commit that the patch brings, in another context than the patch's. */
function hadBefore({ id, title, reverse, inTree }: Likeness): Remark[] {
  if (reverse || inTree === null || inTree.of === 0 || inTree.found < inTree.of) return [];
  const lines = inTree.of === 1 ? 'the line' : `all ${inTree.of} lines`;
  return [plain('already-there', `the tree has ${lines} of ${id} ("${title}") already`)];
}

function onTree({ patches, applies }: RemarkInput): Remark[] {
  const hunks = patches.flatMap((patch) => patch.hunks);
  const inState = (...states: string[]) => hunks.filter(({ state }) => states.includes(state ?? ''));
  const failed = inState('fails', 'no-file');
  const there = inState('already-there');
  if (applies === 'already-there') {
    return [plain('already-there', 'the tree has all of this already: the base is the patched kernel')];
  }
  const remarks: Remark[] = [];
  if (there.length > 0) {
    const names = there.map(({ file, number }) => `${file} hunk ${number}`).join(', ');
    remarks.push(
      plain('partly-there', `the tree has ${there.length} of ${hunks.length} hunks already: ${names}`),
    );
  }
  const lacking = [...new Set(inState('no-file').map(({ file }) => file))];
  if (lacking.length > 0) {
    const all = lacking.length === new Set(hunks.map(({ file }) => file)).size;
    const text = `the tree has no ${lacking.join(', no ')}`;
    remarks.push(
      plain('another-tree', `${text}: the patch is for another tree${all ? '' : ', at least in part'}`),
    );
  } else if (failed.length * 2 > hunks.length) {
    const few = failed.length === 1 ? 'hunk does' : 'hunks do';
    const text = `${failed.length} of ${hunks.length} ${few} not apply: the patch is for another tree, or for another state of this one`;
    remarks.push(plain('another-tree', text));
  }
  return remarks;
}

function onKind({ lines, hunks }: Changes): Remark[] {
  const files = [...new Set(hunks.map(({ file }) => file))];
  if (files.length > 0 && !files.some((file) => CONCERNED.test(file))) {
    const text = `the patch changes nothing that decides about tsc: ${files.slice(0, 5).join(', ')}${files.length > 5 ? ', ...' : ''}`;
    return [plain('unrelated', text)];
  }
  if (lines.every(({ key, reformatted }) => key === '' || reformatted)) {
    return [plain('no-code', 'the patch changes nothing but comments and white space')];
  }
  return [];
}

async function onFlags(
  { lines }: Changes,
  view: TreeView,
  shortcuts: readonly Shortcut[] | null,
): Promise<Remark[]> {
  const remarks: Remark[] = [];
  const forced = new Map<string, ChangedLine>();
  for (const line of lines) {
    const flag = FORCES.exec(line.text)?.[1];
    if (line.sign === '+' && counts(line) && flag !== undefined) forced.set(flag, line);
  }
  for (const [flag, { file }] of forced) {
    const set = await linesMatching(view, file, new RegExp(`setup_force_cpu_cap\\(${flag}\\)`));
    if ((await definitionOf(view, flag)) === null) {
      remarks.push({
        code: 'flag-unknown',
        text: `the patch sets ${flag}, which this tree does not define: it does not compile without the commit that adds the flag${flag === 'X86_FEATURE_TSC_KNOWN_FREQ' ? ' (47c95a46d0fa)' : ''}`,
        facts: set,
      });
      continue;
    }
    if (shortcuts === null || shortcuts.some((one) => one.flag === flag)) continue;
    const looked = shortcuts.map((one) => one.flag);
    const instead = looked.length === 0 ? 'it looks at no flag' : `it looks at ${looked.join(', ')}`;
    const facts = [...set, ...shortcuts.map(({ fact }) => fact)];
    if (flag === 'X86_FEATURE_TSC_KNOWN_FREQ') {
      const text = `the patch sets ${flag}, but init_tsc_clocksource() of this tree has no shortcut for it (${instead}): tsc is refined as before; 47c95a46d0fa adds the shortcut`;
      remarks.push({ code: 'no-shortcut', text, facts });
    } else {
      const text = `the patch sets ${flag}, which init_tsc_clocksource() of this tree does not look at (${instead}): it has no effect on how tsc is registered${flag === 'X86_FEATURE_TSC_RELIABLE' ? '; check_system_tsc_reliable() takes the watchdog off tsc because of it' : ''}`;
      remarks.push({ code: 'flag-not-looked-at', text, facts });
    }
  }
  return remarks;
}

/** A new condition in init_tsc_clocksource(). */
function onShortcuts({ lines }: Changes, shortcuts: readonly Shortcut[] | null): Remark[] {
  return (shortcuts ?? [])
    .filter(({ fact }) =>
      lines.some(
        (line) =>
          line.sign === '+' &&
          counts(line) &&
          line.file === TSC_FILE &&
          line.text.trim() === fact.text.trim(),
      ),
    )
    .filter(({ flag }) => flag !== 'X86_FEATURE_TSC_KNOWN_FREQ')
    .map(({ flag, fact }) => ({
      code: 'registers-on-flag' as const,
      text: `with the patch tsc is registered at once if ${flag} is set, with the frequency of the early calibration, which nothing says to be exact`,
      facts: [fact],
    }));
}

const LIMITS: readonly { readonly pattern: RegExp; readonly rises: (from: number, to: number) => boolean }[] =
  [
    { pattern: /#define\s+(?:SMI_TRESHOLD|TSC_DEFAULT_THRESHOLD)\s+(\w+)/, rises: (from, to) => to > from },
    { pattern: /\(t2 - t1\) < (\d+)\)/, rises: (from, to) => to > from },
    { pattern: /tsc_khz >> (\d+)/, rises: (from, to) => to < from },
  ];

/** tsc_read_refs(): up to how many cycles a read of the reference counter may take. */
function onLimit({ lines }: Changes): Remark[] {
  return LIMITS.flatMap(({ pattern, rises }) => {
    const of = (sign: '-' | '+') => {
      const line = lines.find(
        (one) => one.sign === sign && one.file === TSC_FILE && counts(one) && pattern.test(one.text),
      );
      return line === undefined ? undefined : { line, value: Number(pattern.exec(line.text)?.[1]) };
    };
    const from = of('-');
    const to = of('+');
    if (from === undefined || to === undefined || nameOf(from.line) !== nameOf(to.line)) return [];
    if (!rises(from.value, to.value)) return [];
    const text = `the patch raises the limit on a read of the reference counter ("${from.line.text.trim()}" to "${to.line.text.trim()}"): samples that were disturbed are accepted too, and the frequency is off by as much`;
    return [plain('limit-raised', text)];
  });
}

/** A macro's name; other lines have none. */
function nameOf({ text }: ChangedLine): string {
  return /#define\s+(\w+)/.exec(text)?.[1] ?? '';
}

async function onWatchdog({ lines }: Changes, view: TreeView | null): Promise<Remark[]> {
  const off = lines.find(
    (line) => line.sign === '+' && counts(line) && /flags\s*&=\s*~CLOCK_SOURCE_MUST_VERIFY/.test(line.text),
  );
  if (off === undefined) return [];
  const text =
    'the patch takes the clocksource watchdog off tsc: if it does, a TSC that goes wrong later is not found out';
  const facts = view === null ? [] : await linesMatching(view, off.file, /~CLOCK_SOURCE_MUST_VERIFY/);
  return [{ code: 'watchdog-off', text, facts }];
}

/** What the sources say of how tsc is registered: arch/x86/kernel/tsc.c, init_tsc_clocksource(). */
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

export async function linesMatching(view: TreeView, file: string, pattern: RegExp): Promise<Fact[]> {
  const lines = (await view.text(file))?.split('\n') ?? [];
  return lines.flatMap((text, at) =>
    pattern.test(text) ? [{ file, line: at + 1, text: text.trimEnd() }] : [],
  );
}
