/** Which clocksource is chosen: by rating, unless somebody chose. */
import type { Context } from './context.ts';
import type { Confidence } from './deduction.ts';
import { lowersKvmClock, RATINGS } from './kernel-generations.ts';

/**
 * How sure it is that `name` stands above tsc by its rating; null if it does not. available_clocksource is sorted by
 * rating (clocksource_enqueue()), so its order is proof. Without it the drivers decide, some of which step back for an
 * invariant TSC: kvm-clock to 299, xen to 299 or 275, Hyper-V to 250 or 245.
 */
export function outranksTsc(name: string, { available, facts }: Context): Confidence | null {
  const [at, tsc] = [available?.indexOf(name) ?? -1, available?.indexOf('tsc') ?? -1];
  if (at >= 0 && tsc >= 0) return at < tsc ? 'certain' : null;
  if ((RATINGS[name] ?? 0) <= RATINGS.tsc) return null;
  if (name === 'kvm-clock' && !lowersKvmClock(facts.kernel?.version ?? null)) return 'certain';
  if (facts.cpuFlags === null) return 'likely';
  return facts.cpuFlags.value.includes('nonstop_tsc') ? null : 'certain';
}
