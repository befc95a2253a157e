/**
 * Was tsc registered at its initcall (frequency known), or by the delayed work that gave up refining?
 *
 * init_tsc_clocksource() is a device_initcall in arch/x86/kernel, which the linker puts before those of certs/,
 * mm/, block/ and drivers/. So their messages come after a registration at initcall; the delayed work registers
 * HZ later at the earliest (tsc_refine_calibration_work()).
 */
import { MIN_REFINEMENT_S } from '../base/kernel-constants.ts';
import type { Found } from '../evidence/facts/types.ts';
import type { Registration } from '../matrix/types.ts';
import type { Context } from './context.ts';
import { cite, type Deduction } from './deduction.ts';

export function atInitcallOrLater(c: Context, registered: Found): Deduction<Registration> | null {
  const { beforeInit, afterInit } = c.facts;
  const earlier = afterInit.find((a) => a.line < registered.line);
  if (earlier !== undefined)
    return {
      value: 'unrefined',
      confidence: 'certain',
      evidence: [cite(earlier, 'a later initcall had already run, so tsc was not registered at its own')],
      why: 'tsc was registered after its initcall, by the delayed work, without a refined frequency',
    };
  const before = beforeInit.findLast((b) => b.line < registered.line);
  const gapS = before?.timeS != null && registered.timeS !== null ? registered.timeS - before.timeS : null;
  if (before !== undefined && gapS !== null && gapS < MIN_REFINEMENT_S)
    return {
      value: 'known-frequency',
      confidence: 'certain',
      evidence: [cite(before, 'printed before the initcall of tsc, less than a second earlier')],
      why: 'tsc was registered at its initcall, sooner than any refinement can end',
    };
  const later = afterInit.find((a) => a.line > registered.line);
  if (later !== undefined)
    return {
      value: 'known-frequency',
      confidence: 'certain',
      evidence: [cite(later, 'an initcall that runs after that of tsc comes after the registration')],
      why: 'tsc was registered at its initcall, before the later initcalls ran',
    };
  if (gapS !== null)
    return {
      value: 'unrefined',
      confidence: 'likely',
      evidence: [],
      why: 'tsc was registered a second or more after the clocksources were chosen, without a refined frequency',
    };
  return null;
}
