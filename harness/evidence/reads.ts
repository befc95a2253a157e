/**
 * What the counted reads of the reference counters show of the kernel's refinement. tsc_refine_calibration_work() in
 * arch/x86/kernel/tsc.c runs once a second (HZ); tsc_read_refs() there tries each sample up to MAX_RETRIES times. A
 * try reads the HPET once, or the PM timer three times (acpi_pm_read_verified() in drivers/clocksource/acpi_pm.c).
 */
import { MAX_RETRIES } from '../base/kernel-constants.ts';
import type { ExitCounts } from './exits.ts';

type Counter = 'pm' | 'hpet';

interface ReadPattern {
  readonly counter: Counter;
  /** By firmware and kernel, up to the moment before the probe reads it itself. */
  readonly reads: number;
  readonly untilS: number;
  /** In each whole second between the probe's beginning and that moment. */
  readonly each: readonly number[];
  /** `restarts`: a rejected sample in every second. `quiet`: no read in any. Null: the counts do not tell. */
  readonly shows: 'restarts' | 'quiet' | null;
}

const READS_A_TRY: Readonly<Record<Counter, number>> = { pm: 3, hpet: 1 };
/** Fewer seconds show no habit. */
const SECONDS_MIN = 3;
const NAMES: Readonly<Record<Counter, string>> = { pm: 'PM timer', hpet: 'HPET' };

/** One pattern for each counter; empty if the probe's own reads cannot be told from the kernel's. */
export function readPatterns(exits: ExitCounts): ReadPattern[] {
  const [began, settled] = exits.marks;
  if (began == null || settled == null) return [];
  const from = Math.ceil(began.tNs / 1e9);
  const to = Math.floor(settled.tNs / 1e9);
  return (['pm', 'hpet'] as const).map((counter) => {
    const each = Array.from(
      { length: Math.max(0, to - from) },
      (_, i) => exits.perSecond[counter][from + i] ?? 0,
    );
    return {
      counter,
      reads: settled.reads[counter],
      untilS: settled.tNs / 1e9,
      each,
      shows: shown(counter, each),
    };
  });
}

/**
 * A start sample is rejected after all its tries; if a stop sample is, a start sample follows at once, which may
 * take as many reads again. The clocksource watchdog too reads a counter, but in other numbers: so the HPET's, if
 * a try is one read and other numbers come close, must be the very five. The work's period is HZ and a
 * little more, so one second of many may see none.
 */
function shown(counter: Counter, each: readonly number[]): ReadPattern['shows'] {
  if (each.length < SECONDS_MIN) return null;
  if (each.every((count) => count === 0)) return 'quiet';
  const rejected = MAX_RETRIES * READS_A_TRY[counter];
  const most = counter === 'pm' ? 2 * rejected : rejected;
  const fits = (count: number): boolean =>
    count >= rejected && count <= most && count % READS_A_TRY[counter] === 0;
  const empty = each.filter((count) => count === 0).length;
  return empty <= 1 && each.length - empty >= SECONDS_MIN && each.every((count) => count === 0 || fits(count))
    ? 'restarts'
    : null;
}

/** One sentence on the kernel's reads, and what they show if they do; null if nothing was counted for certain. */
export function describeReads(exits: ExitCounts): string | null {
  const patterns = readPatterns(exits);
  const [any] = patterns;
  if (any === undefined) return null;
  const read = patterns.filter((pattern) => pattern.reads > 0);
  const until = `in the ${any.untilS.toFixed(1)} s before the probe's own`;
  if (read.length === 0) return `no read of a reference counter ${until}`;
  return read.map((pattern, i) => clause(pattern, i === 0 ? ` ${until}` : '')).join('; ');
}

function clause({ counter, reads, each, shows }: ReadPattern, until: string): string {
  const counted = `${reads} ${reads === 1 ? 'read' : 'reads'} of the ${NAMES[counter]}${until}`;
  if (each.length < 2) return counted;
  const [least, most] = [Math.min(...each), Math.max(...each)];
  const rate =
    most === 0
      ? 'none in'
      : least === most
        ? `${most} in each of`
        : `between ${least} and ${most} in each of`;
  const seconds = `${rate} the ${each.length} whole seconds since the probe began`;
  const meaning =
    shows === 'restarts'
      ? ', as of a sample whose five tries are all rejected: refinement restarts once a second'
      : '';
  return `${counted}: ${seconds}${meaning}`;
}
