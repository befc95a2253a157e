/** What it is not: each remark is made of the line that tempts, and of no other. */
import { describe, expect, test } from 'vitest';
import { diagnoseText } from './from-text.ts';

const DETECTED = '[    0.000000] tsc: Detected 2400.000 MHz processor';
const REFINED = '[    1.990000] tsc: Refined TSC clocksource calibration: 2399.998 MHz';
const KVM = '[    2.000000] clocksource: Switched to clocksource kvm-clock';
const SKEW = 'as unstable because the skew is too large:';
const UNSTABLE = '[    9.000000] tsc: Marking TSC unstable due to clocksource watchdog';

const made = [
  ['the failed PIT calibration (line 1)', `tsc: Fast TSC calibration failed\n${DETECTED}`],
  ['the failed PIT calibration (line 1)', `tsc: Unable to calibrate against PIT\n${DETECTED}`],
  ['a frequency all the same (line 2)', `tsc: Fast TSC calibration failed\n${DETECTED}`],
  ['tsc-early (line 1) is not tsc', `kvm-clock tsc-early acpi_pm\n${DETECTED}\n${KVM}`],
  ['The TSC deadline timer (line 2)', `${DETECTED}\n[    0.1] TSC deadline timer available\n${REFINED}`],
  ['kvm-clock being current (line 3)', `${DETECTED}\n${REFINED}\n${KVM}`],
  ['its rating is above that of tsc', `${DETECTED}\n${REFINED}\n${KVM}`],
  ['tsc=reliable on the command line (line 1)', `Command line: ro tsc=reliable\n${DETECTED}\n${REFINED}`],
  [
    'The TSC_ADJUST message (line 2)',
    `${DETECTED}\n[Firmware Bug]: TSC ADJUST differs: CPU0 0 --> -5\n${REFINED}`,
  ],
  [
    'The watchdog message (line 2) is about another',
    `${REFINED}\nclocksource: timekeeping watchdog on CPU1: Marking clocksource 'hpet' ${SKEW}`,
  ],
  [
    'The slow read that the watchdog saw (line 2)',
    `${REFINED}\nclocksource: timekeeping watchdog on CPU1: hpet retried 2 times before success`,
  ],
] as const;

test.each(made)('%s', (remark, text) => {
  expect(diagnoseText(text).not.join('\n')).toContain(remark);
});

const silent = [
  ['a failed PIT calibration that left no frequency', 'tsc: Fast TSC calibration failed'],
  ['tsc-early that was replaced', `tsc tsc-early hpet\n${REFINED}`],
  ['tsc-early of a TSC that is unstable', `tsc-early hpet\n${UNSTABLE}`],
  ['a current tsc', `${REFINED}\n[    2.0] clocksource: Switched to clocksource tsc`],
  ['a current source below tsc', `${REFINED}\n[    2.0] clocksource: Switched to clocksource hpet`],
  [
    'a TSC_ADJUST message of an unstable TSC',
    `[Firmware Bug]: TSC ADJUST differs: CPU0 0 --> -5\n${UNSTABLE}`,
  ],
  [
    'the watchdog on tsc',
    `clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' ${SKEW}\n${UNSTABLE}`,
  ],
  [
    'a slow read of another source that is unstable',
    `clocksource: timekeeping watchdog on CPU1: hpet retried 2 times before success\n${UNSTABLE}`,
  ],
  [
    'a slow read before tsc was lost',
    `kvm-clock tsc-early\n[    0.1] clocksource: timekeeping watchdog on CPU1: hpet retried 2 times before success\n${KVM}`,
  ],
] as const;

describe('nothing is said of', () => {
  test.each(silent)('%s', (_, text) => {
    const remarks = diagnoseText(text).not.filter(
      (remark) => !remark.startsWith('tsc-early (line 1)') || !text.startsWith('kvm-clock'),
    );
    expect(remarks.filter((remark) => !remark.includes('being current'))).toEqual([]);
    expect(remarks.join('\n')).not.toContain('hpet being current');
  });
});

test('a source that was named from outside has no line', () => {
  const { not } = diagnoseText(REFINED, { available: ['xen', 'tsc'], current: 'xen' });
  expect(not.join('\n')).toContain('xen being current is not the fault');
});
