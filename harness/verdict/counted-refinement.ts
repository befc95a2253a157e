/**
 * A kernel knows the nonce of its probe's frames (it is on its command line), so it can print any report. What it cannot
 * do is to refine the TSC's frequency without reading a reference counter, and those reads are counted below it.
 */
import type { Evidence } from '../evidence/evidence.ts';
import type { PerCounter } from '../evidence/exits.ts';
import { describeReads, readPatterns } from '../evidence/reads.ts';
import type { Context } from './context.ts';

/** One sample of tsc_read_refs() in arch/x86/kernel/tsc.c: acpi_pm_read_verified() reads three times, the HPET is read once. */
const SAMPLE: PerCounter<number> = { pm: 3, hpet: 1 };

/**
 * Why the counted reads contradict the kernel's word that it refined the frequency; null if they do not, or tell nothing.
 * The stop sample is taken right before the message, and the machine's time began before the kernel's: so the sample must
 * be among the reads from the message's second on, up to where the probe says that it has read none itself.
 */
export function refutedRefinement({ facts, exits }: Evidence): string | null {
  const message = facts.refined.at(-1);
  const settled = exits?.marks[1];
  if (exits === null || settled == null || message?.timeS == null) return null;
  const from = Math.max(0, Math.floor(message.timeS * CLOCKS_DIFFER - BEFORE_MESSAGE_S));
  // Seconds behind the last one that is told had no read, or were not counted any more.
  if (from >= SECONDS_COUNTED || from * 1e9 > settled.tNs) return null;
  const since = (counter: 'pm' | 'hpet'): number =>
    settled.reads[counter] - exits.perSecond[counter].slice(0, from).reduce((sum, reads) => sum + reads, 0);
  const [pm, hpet] = [since('pm'), since('hpet')];
  if (pm >= SAMPLE.pm || hpet >= SAMPLE.hpet) return null;
  return (
    `line ${message.line} says that the kernel refined the frequency of the TSC at ${message.timeS.toFixed(1)} s, but from ${from} s on the ` +
    `machine has counted ${pm} reads of the PM timer and ${hpet} of the HPET, fewer than one sample takes: the console cannot be trusted`
  );
}

/** A frequency is only refined by less than a hundredth, so the kernel's time goes no more than that too fast. */
const CLOCKS_DIFFER = 0.98;
/** From the sample to the message: some instructions, and a printk. */
const BEFORE_MESSAGE_S = 0.05;
/** SECONDS in images/exits/exits.h. */
const SECONDS_COUNTED = 64;

const CLOCKSOURCE_OF = { pm: 'acpi_pm', hpet: 'hpet' } as const;

/** What the reads of the reference counters show, if they were counted from outside. */
export function countedReads(c: Context): { shows: 'restarts' | 'quiet' | null; text: string } {
  const patterns = c.exits === null ? [] : readPatterns(c.exits);
  const text = c.exits === null ? null : describeReads(c.exits);
  // A counter that is the current clocksource is read for the time of day.
  const restarts = patterns.some((p) => p.shows === 'restarts' && c.current !== CLOCKSOURCE_OF[p.counter]);
  if (restarts && text !== null) return { shows: 'restarts', text: `; counted from outside: ${text}` };
  const quiet = patterns.length > 0 && patterns.every((p) => p.shows === 'quiet');
  return { shows: quiet ? 'quiet' : null, text: '' };
}
