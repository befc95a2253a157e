/** What the appliance's own kernel says when the appliance, and not the guest under test, is in trouble. */
import type { NumberedText } from './log-lines.ts';

const TROUBLES = ['out-of-memory', 'panic', 'lockup', 'oops', 'hung-task', 'initramfs', 'crashed'] as const;
export type TroubleKind = (typeof TROUBLES)[number];

export interface Trouble {
  readonly kind: TroubleKind;
  /** 1-based, on the appliance's console. */
  readonly line: number;
  readonly text: string;
}

/** In order: a line is of the first kind whose pattern it holds. */
const PATTERNS: readonly (readonly [TroubleKind, RegExp])[] = [
  // mm/oom_kill.c: dump_header(), __oom_kill_process(), out_of_memory()
  [
    'out-of-memory',
    /invoked oom-killer|oom-kill:|[Oo]ut of memory: Kill|Out of memory and no killable|System is deadlocked on memory|page allocation failure/,
  ],
  // kernel/panic.c panic()
  ['panic', /Kernel panic - not syncing/],
  // kernel/watchdog.c, kernel/rcu/tree_stall.h
  ['lockup', /soft lockup|hard LOCKUP|detected stalls? on|self-detected stall/],
  // arch/x86/kernel/dumpstack.c, arch/x86/mm/fault.c, lib/bug.c
  [
    'oops',
    /\bBUG: |\bOops: |kernel BUG at|general protection fault|unable to handle|stack guard page was hit/,
  ],
  // kernel/hung_task.c
  ['hung-task', /INFO: task .{1,200} blocked for more than \d+ seconds/],
  // init/initramfs.c: an archive that is broken, or larger than the memory
  ['initramfs', /Initramfs unpacking failed/],
  // arch/x86/mm/fault.c show_signal_msg(), arch/x86/kernel/traps.c: a program of the appliance died
  [
    'crashed',
    /^(?:\[[^\]]{1,40}\] )?(?:traps: )?[\w.-]{1,15}\[\d+\]:? (?:segfault|trap |general protection)/,
  ],
];

/** One explains whatever follows. */
const MAX_TROUBLES = 100;

/** The first ones. */
export function findTroubles(lines: readonly NumberedText[]): Trouble[] {
  const found: Trouble[] = [];
  for (const { n, text } of lines) {
    const kind = PATTERNS.find(([, pattern]) => pattern.test(text))?.[0];
    if (kind !== undefined) found.push({ kind, line: n, text });
    if (found.length === MAX_TROUBLES) break;
  }
  return found;
}
