/** Causes of a tsc that is never registered: arch/x86/kernel/tsc.c. */
import type { Context } from '../context.ts';
import { type Claim, cite, claim } from '../deduction.ts';
import { advise } from '../place.ts';
import { cause, rule } from './row.ts';

const FAILED = /^(?:fast-failed|pit-failed|no-reference|reference-failed|khz-unknown)$/;
const NO_WAY = 'every way to calibrate the TSC failed, so its frequency is not known';
const NO_TIMER = 'the PIT gave no value and there is neither HPET nor PM timer to calibrate against';
const FIRST_ESTIMATE = 'neither HPET nor PM timer is there to refine against, so the first estimate stays';

const SWITCH_ON =
  'Switch the HPET on in the firmware, and take hpet=disable, nohpet and pmtmr=0 off the command line.';

/** pit_hpet_ptimer_calibrate_cpu(), tsc_init(): the frequency is not known, without a reference or in spite of one. */
function notCalibrated({ facts }: Context, noReference: boolean, why: string): Claim | false {
  const failed = facts.calibration.filter((l) => FAILED.test(l.kind));
  const has = (kind: string): boolean => failed.some((l) => l.kind === kind);
  const unknown = facts.detected.length === 0 && (has('khz-unknown') || has('pit-failed'));
  const lines = failed.map((l) => cite(l, 'a way to find the frequency that failed'));
  // One of the two lines is always printed; without it the other may be what is not in the text.
  const sure =
    has('khz-unknown') && has(noReference ? 'no-reference' : 'reference-failed') ? 'certain' : 'likely';
  return unknown && has('no-reference') === noReference && claim(sure, why, lines);
}

export const NEVER = [
  cause(
    'no-tsc',
    [
      // init_tsc_clocksource(): boot_cpu_has(X86_FEATURE_TSC)
      rule('never', 'said', ({ facts: { cpuFlags: flags } }) => {
        const lacks = flags !== null && !flags.value.includes('tsc');
        return (
          lacks && claim('certain', 'the CPU that the guest sees has no TSC', [cite(flags, 'no tsc flag')])
        );
      }),
      rule('never', 'rest', ({ facts: { shape, detected, calibration } }) => {
        const why = 'a whole log without a word on the TSC: the CPU may not have one';
        return shape.kind === 'whole' && detected.length + calibration.length === 0 && claim('possible', why);
      }),
    ],
    advise({
      guest: ['Give the guest a CPU that has a TSC (QEMU: no -tsc in -cpu).'],
      metal: ['This CPU is too old for the question, or its firmware hides the TSC.'],
    }),
  ),
  cause(
    'calibration-failed',
    [rule('never', 'said', (c) => notCalibrated(c, false, NO_WAY))],
    advise({
      both: ['Name the frequency with tsc_early_khz= (5.3 on).'],
      guest: ['Give the guest a reference timer that answers in time (HPET, PM timer).'],
      metal: [SWITCH_ON],
    }),
  ),
  cause(
    'no-reference',
    [
      rule('never', 'said', (c) => notCalibrated(c, true, NO_TIMER)),
      rule('registered', 'around', ({ facts: { references, parameters, shape } }, registration) => {
        const noPm = references.pmTimer === null || parameters.some((p) => /^pmtmr=(?:0|off)$/.test(p));
        const neither = references.hpet === null && noPm && shape.beginsAtBoot;
        return registration === 'unrefined' && neither && claim('likely', FIRST_ESTIMATE);
      }),
    ],
    advise({
      guest: [
        'Give the guest a PM timer or an HPET (no pmtmr=0; -machine hpet=on), or a frequency it can trust (kvm-clock, CPUID 0x15).',
      ],
      metal: [SWITCH_ON],
    }),
  ),
];
