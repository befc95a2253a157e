/**
 * Was tsc registered at its initcall (frequency known), or by the delayed work that gave up refining?
 *
 * init_tsc_clocksource() is a device_initcall in arch/x86/kernel, which the linker puts before those of certs/,
 * mm/, block/ and drivers/. So their messages come after a registration at initcall; the delayed work registers
 * HZ later at the earliest (tsc_refine_calibration_work()).
 */
import { MIN_REFINEMENT_S } from '../base/kernel-constants.ts';
import { isBefore } from '../evidence/facts/find.ts';
import type { Found } from '../evidence/facts/types.ts';
import type { Registration } from '../matrix/types.ts';
import type { Context } from './context.ts';
import { cite, type Deduction, found } from './deduction.ts';

export function atInitcallOrLater(c: Context, registered: Found): Deduction<Registration> | null {
  const { beforeInit, afterInit } = c.facts;
  const told = measuredAgain(c);
  if (told !== null) return told;
  const earlier = afterInit.find((a) => isBefore(a, registered));
  if (earlier !== undefined)
    return found(
      'unrefined',
      'likely',
      [cite(earlier, 'a later initcall had already run, so tsc was not registered at its own')],
      'the delayed work registered it after its initcall, and no refined frequency was printed',
    );
  const before = beforeInit.findLast((b) => isBefore(b, registered));
  const gapS = before === undefined ? null : gapOf(before, registered);
  if (before !== undefined && gapS !== null && gapS < MIN_REFINEMENT_S)
    return found(
      'known-frequency',
      'certain',
      [cite(before, 'printed before the initcall of tsc, less than a second earlier')],
      'at its initcall, sooner than any refinement can end',
    );
  const later = afterInit.find((a) => isBefore(registered, a));
  if (later !== undefined)
    return found(
      'known-frequency',
      // Lines without times may have been put in another order.
      later.timeS === null || registered.timeS === null ? 'likely' : 'certain',
      [cite(later, 'an initcall that runs after that of tsc comes after the registration')],
      'at its initcall, before the later initcalls ran',
    );
  if (gapS === null) return null;
  return found(
    'unrefined',
    'possible',
    [],
    'a second or more after the clocksources were chosen, without a refined frequency; a slow boot looks the same',
  );
}

/** tsc.c tsc_refine_calibration_work() under tsc=recalibrate: printed for X86_FEATURE_TSC_KNOWN_FREQ alone. */
export function measuredAgain({ facts }: Context): Deduction<Registration> | null {
  const line = facts.calibration.find((l) => l.kind === 'recalibrated' || l.kind === 'recalibrate-differs');
  if (line === undefined) return null;
  const evidence = [cite(line, 'printed only if the frequency was known')];
  return found('known-frequency', 'certain', evidence, 'the kernel measured again what it had been told');
}

/** A time of day may be right to a minute only (dmesg --reltime), s. */
const WALL_CLOCK_TELLS_S = 62;

/** From `a` to `b`, s; null if the stamps do not tell. */
function gapOf(a: Found, b: Found): number | null {
  if (a.timeS === null || b.timeS === null) return null;
  const gap = b.timeS - a.timeS;
  return (a.byWallClock || b.byWallClock) && gap < WALL_CLOCK_TELLS_S ? null : gap;
}
