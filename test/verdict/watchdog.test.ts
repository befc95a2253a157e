/** Who was wrong: the figures of one check, changed one at a time. */
import { describe, expect, test } from 'vitest';
import { diagnoseText } from './from-text.ts';

const MARK = '[   90.000900] tsc: Marking TSC unstable due to clocksource watchdog';
const MASK = 'clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x1, max_idle_ns: 1 ns';
const SWITCH = 'clocksource: Switched to clocksource tsc-early';

/** ms that the reference and the TSC counted. */
function check(wd: number, cs: number, watchdog = 'hpet', at = 90): string {
  return [
    `[   ${at}.000000] clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' as unstable because the skew is too large:`,
    `[   ${at}.000010] clocksource:                       '${watchdog}' wd_nsec: ${wd * 1e6} wd_now: 1 wd_last: 0 mask: ffffffff`,
    `[   ${at}.000020] clocksource:                       'tsc' cs_nsec: ${cs * 1e6} cs_now: 1 cs_last: 0 mask: ffffffffffffffff`,
    MARK.replace('90', String(at)),
  ].join('\n');
}

function why(text: string): string {
  const { cause, confidence } = diagnoseText(text);
  return `${cause}, ${confidence}`;
}

describe('the figures', () => {
  test.each([
    [500, 550, 'hpet', 'watchdog-skew, likely'],
    [540, 560, 'hpet', 'watchdog-skew, likely'],
    [400, 505, 'hpet', 'watchdog-slow-reference, likely'],
    [400, 540, 'hpet', 'watchdog-skew, likely'],
    [500, 620, 'kvm-clock', 'watchdog-skew, likely'],
    [500, 640, 'kvm-clock', 'guest-paused, likely'],
    [500, 640, 'acpi_pm', 'watchdog-skew, likely'],
    [1600, 1700, 'hpet', 'guest-paused, possible'],
    [1400, 1700, 'hpet', 'watchdog-skew, likely'],
    [1600, 1400, 'hpet', 'watchdog-skew, likely'],
    [9000, 1600, 'hpet', 'guest-paused, possible'],
    [313, 5000, 'kvm-clock', 'guest-paused, likely'],
    [313, 5000, 'acpi_pm', 'watchdog-slow-reference, likely'],
    [626, 10_000, 'acpi_pm', 'watchdog-slow-reference, likely'],
    [313, 5200, 'acpi_pm', 'watchdog-slow-reference, likely'],
    [313, 5600, 'acpi_pm', 'watchdog-skew, likely'],
    [313, 5000, 'hpet', 'watchdog-skew, likely'],
    [40, 45, 'hpet', 'watchdog-skew, possible'],
    [60, 70, 'hpet', 'watchdog-skew, likely'],
    [500, 500.2, 'jiffies', 'watchdog-slow-reference, likely'],
    [500, 500.2, 'refined-jiffies', 'watchdog-slow-reference, likely'],
  ])('%d ms by the reference, %d ms by the TSC, %s: %s', (wd, cs, watchdog, wanted) => {
    expect(why(check(wd, cs, watchdog))).toBe(wanted);
  });

  test('a difference alone, of a whole wrap or not', () => {
    expect(why('Clocksource tsc unstable (delta = 4686000000 ns)')).toBe('watchdog-slow-reference, likely');
    expect(why('Clocksource tsc unstable (delta = 4986000000 ns)')).toBe('watchdog-skew, likely');
    expect(why('Clocksource tsc unstable (delta = -4686000000 ns)')).toBe('watchdog-skew, likely');
    expect(why('Clocksource tsc unstable (delta = 97382847 ns)')).toBe('watchdog-skew, likely');
  });
  test('how many wraps are said', () => {
    expect(diagnoseText('Clocksource tsc unstable (delta = 9373000000 ns)').summary).toContain('is 2 times');
  });
});

describe('a frequency that was known', () => {
  const known = (release: string): string =>
    [
      `[    0.000000] Linux version ${release} (builder@host)`,
      `[    0.400000] ${SWITCH}`,
      `[    0.500000] ${MASK}`,
    ].join('\n');

  test('and is wrong in a constant way', () => {
    const { summary } = diagnoseText(`${known('6.1.0')}\n${check(500, 510, 'hpet', 3)}`);
    expect(summary).toContain('is 2.00 % away');
    expect(why(`${known('6.1.0')}\n${check(500, 510, 'hpet', 3)}`)).toBe('wrong-known-frequency, likely');
  });
  test.each([
    [
      'is not where time was lost',
      `${known('6.1.0')}\n${check(500, 610, 'hpet', 3)}`,
      'watchdog-skew, likely',
    ],
    [
      'is not where the check was late',
      `${known('6.1.0')}\n${check(1600, 1700, 'hpet', 3)}`,
      'guest-paused, possible',
    ],
    [
      'is none where it was refined',
      `${known('6.1.0')}\n[    1.9] tsc: Refined TSC clocksource calibration: 2399.998 MHz\n${check(500, 510, 'hpet', 3)}`,
      'watchdog-skew, likely',
    ],
    [
      'is none in kernels that only know TSC_RELIABLE',
      `${known('4.9.0')}\n${check(500, 510, 'hpet', 3)}`,
      'watchdog-skew, likely',
    ],
    [
      'is none where tsc came later',
      `${known('6.1.0').replace('0.500000', '1.900000')}\n${check(500, 510, 'hpet', 3)}`,
      'watchdog-skew, likely',
    ],
    [
      'is none where the line is of another source',
      `${known('6.1.0').replace('tsc: mask', 'hpet: mask')}\n${check(500, 510, 'hpet', 3)}`,
      'watchdog-skew, likely',
    ],
  ])('%s', (_, text, wanted) => {
    expect(why(text)).toBe(wanted);
  });
});

describe('what went on around it', () => {
  const stall = (s: string): string =>
    `[${s}] watchdog: BUG: soft lockup - CPU#1 stuck for 61s! [kworker/1:2:118]`;
  const slow =
    '[   40.000000] clocksource: timekeeping watchdog on CPU1: hpet retried 2 times before success';

  test('what held the guest up counts within a minute', () => {
    expect(why(`${stall('   89.000000')}\n${check(500, 550)}`)).toBe('guest-paused, likely');
    expect(why(`${stall('   31.000000')}\n${check(500, 550)}`)).toBe('guest-paused, likely');
    expect(why(`${stall('   29.000000')}\n${check(500, 550)}`)).toBe('watchdog-skew, likely');
  });
  test('slow reads count that came before', () => {
    expect(why(`${slow}\n${check(500, 550)}`)).toBe('watchdog-slow-reference, likely');
    expect(why(`${check(500, 550)}\n${slow}`)).toBe('watchdog-skew, likely');
    const long =
      '[   40.0] clocksource: Long readout interval, skipping watchdog check: cs_nsec: 1 wd_nsec: 2';
    expect(why(`${long}\n${check(500, 550)}`)).not.toContain('slow-reference');
  });
  test('the check of tsc is judged, not that of another source before it', () => {
    const hpet = check(500, 500.1, 'acpi_pm').replaceAll("'tsc'", "'hpet'").replace(MARK, '');
    expect(why(`${hpet}\n${check(400, 505)}`)).toBe('watchdog-slow-reference, likely');
  });
  test("a mark of another kind is not the watchdog's", () => {
    const text = `${check(500, 550)}`.replace('clocksource watchdog', 'cpufreq changes');
    expect(why(text)).toBe('unsynchronized, likely');
    expect(why(text.replace('cpufreq changes', 'board quirk'))).toBe('undetermined, none');
    const warp = '[    0.2] Measured 42 cycles TSC warp between CPUs, turning off TSC clock.';
    expect(why(`${warp}\n${check(500, 550)}`)).toBe('watchdog-skew, likely');
    expect(why(`${warp}\n${check(500, 550).replace(MARK, '')}`)).toBe('tsc-warp, certain');
  });
});
