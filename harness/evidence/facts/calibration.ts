/** How the kernel came to its TSC frequency: arch/x86/kernel/tsc.c, tsc_msr.c, kvmclock.c, vmware.c, mshyperv.c. */
import type { LogLine } from '../log-lines.ts';
import { found } from './find.ts';
import type { Calibration, CalibrationKind, Frequency } from './types.ts';

// The prefix was "TSC: " or nothing in older trees, "tsc: " since 3.5.
const P = '(?:tsc: |TSC: )?';

const KINDS: readonly (readonly [CalibrationKind, RegExp])[] = [
  ['fast-pit', new RegExp(`^${P}Fast TSC calibration using PIT`)],
  ['fast-failed', new RegExp(`^${P}Fast TSC calibration failed`)],
  ['pit-failed', new RegExp(`^${P}Unable to calibrate against PIT`)],
  ['no-reference', new RegExp(`^${P}No reference \\(HPET/PMTIMER\\) available`)],
  [
    'pit-used',
    new RegExp(`^${P}(?:Using PIT calibration value|HPET/PMTIMER calibration failed\\. *Using PIT)`),
  ],
  ['reference-failed', new RegExp(`^${P}HPET/PMTIMER calibration failed`)],
  ['reference-used', new RegExp(`^${P}using (?:HPET|PMTIMER) reference calibration`)],
  ['pit-matches', new RegExp(`^${P}PIT calibration matches`)],
  ['pit-deviates', new RegExp(`^${P}PIT calibration deviates from`)],
  [
    'from-hypervisor',
    /TSC freq read from hypervisor|TSC frequency is|using sched offset of|^Hyper-V: .*frequency/i,
  ],
  ['khz-unknown', /could not calculate TSC khz/],
  ['recalibrate-differs', /TSC freq calibrated by CPUID\/MSR differs from what is calibrated by HW timer/],
  ['recalibrated', /TSC freq recalibrated by \[/],
];

export function calibrationFacts(lines: readonly LogLine[]): Calibration[] {
  return lines.flatMap((line) => {
    const kind = KINDS.find(([, pattern]) => pattern.test(line.text))?.[0];
    return kind === undefined ? [] : [{ ...found(line), kind }];
  });
}

export function detectedFacts(lines: readonly LogLine[]): Frequency[] {
  return frequencies(lines, new RegExp(`^${P}Detected (\\d{1,6})\\.(\\d{3}) MHz (processor|TSC)`));
}

export function refinedFacts(lines: readonly LogLine[]): Frequency[] {
  return frequencies(
    lines,
    new RegExp(`^${P}Refined TSC clocksource calibration: (\\d{1,6})\\.(\\d{3}) MHz()`),
  );
}

function frequencies(lines: readonly LogLine[], pattern: RegExp): Frequency[] {
  return lines.flatMap((line) => {
    const match = pattern.exec(line.text);
    if (match === null) return [];
    return [{ ...found(line), khz: Number(match[1]) * 1000 + Number(match[2]), of: match[3] ?? '' }];
  });
}
