/** What the rules look at: current by the log alone, the frequency, the kernel by its messages, how far a log reaches. */
import { describe, expect, test } from 'vitest';
import { diagnoseText, wholeLog } from './from-text.ts';

const DETECTED = '[    0.000000] tsc: Detected 2400.000 MHz processor';
const REFINED = '[    1.990000] tsc: Refined TSC clocksource calibration: 2399.998 MHz';
const MASK = '[    1.990001] clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x1, max_idle_ns: 1 ns';
const MARK = '[   90.1] tsc: Marking TSC unstable due to TSC halts in idle';
const FOUND = "[   90.1] TSC found unstable after boot, most likely due to broken BIOS. Use 'tsc=unstable'.";
const to = (name: string): string => `[    0.400000] clocksource: Switched to clocksource ${name}`;
const HEAD = '$ dmesg | grep -i tsc';

describe('current by the log alone', () => {
  test.each([
    ['the last switch', [to('hpet'), to('kvm-clock')], 'kvm-clock'],
    ['unknown after tsc was marked', [to('tsc'), MARK], null],
    ['unknown after tsc was found unstable', [to('tsc'), FOUND], null],
    ['what it was switched to after the mark', [to('tsc'), MARK, to('hpet')], 'hpet'],
    ['what it was before, if that was not tsc', [to('hpet'), MARK], 'hpet'],
    ['unknown once tsc came and is the better one', [to('hpet'), REFINED], null],
    ['unknown once tsc was registered and is the better one', [to('tsc-early'), MASK], null],
    ['a source that nobody knows is no better than tsc', [to('foo'), REFINED], null],
    ['the better source stays', [to('kvm-clock'), REFINED], 'kvm-clock'],
    ['another one coming changes nothing', [to('hpet'), MASK.replace('tsc:', 'acpi_pm:')], 'hpet'],
    [
      'as a check of the watchdog says',
      [
        "clocksource: Clocksource 'tsc' skewed 5 ns (0 ms) over watchdog 'hpet' interval of 500 ns (0 ms)",
        "clocksource:   'hpet' (not 'tsc') is current clocksource.",
      ],
      'hpet',
    ],
    [
      'not tsc of such a check, which lost its place',
      [
        "clocksource: Clocksource 'tsc' skewed 5 ns (0 ms) over watchdog 'hpet' interval of 500 ns (0 ms)",
        "clocksource:   'tsc' is current clocksource.",
      ],
      null,
    ],
  ] as const)('%s', (_, lines, current) => {
    expect(diagnoseText(lines.join('\n')).current).toBe(current);
  });
  test('a whole log that shows no further switch had none', () => {
    const { current, cause } = diagnoseText(
      wholeLog([DETECTED], [REFINED]).replace('clocksource tsc-early', 'clocksource hpet'),
    );
    expect([current, cause]).toEqual(['hpet', 'undetermined']);
  });
  test('as stated stands above the log', () => {
    expect(diagnoseText(`tsc hpet\n${to('hpet')}\n${REFINED}`, { current: 'tsc' }).current).toBe('tsc');
  });
});

describe('the frequency', () => {
  const steps = (...lines: string[]): string =>
    diagnoseText([HEAD, '[    0.000000] Linux version 5.4.0 (builder@host)', ...lines].join('\n'), {
      available: ['hpet'],
    }).next.join('\n');
  test.each([
    [
      'of the TSC, not of the processor',
      ['tsc: Detected 2400.000 MHz processor', 'tsc: Detected 2394.000 MHz TSC'],
      'at 2394 MHz',
    ],
    [
      'of the TSC, whichever comes last',
      ['tsc: Detected 2394.000 MHz TSC', 'tsc: Detected 2400.000 MHz processor'],
      'at 2394 MHz',
    ],
    ['of the processor where it is alone', ['tsc: Detected 2400.000 MHz processor'], 'at 2400 MHz'],
  ])('%s', (_, lines, wanted) => {
    expect(steps(...lines)).toContain(wanted);
  });
});

describe('a kernel without its version', () => {
  const steps = (...lines: string[]): string =>
    diagnoseText([HEAD, DETECTED, ...lines].join('\n'), { available: ['kvm-clock', 'acpi_pm'] }).next.join(
      '\n',
    );
  const OLD = '[    0.4] Switched to clocksource kvm-clock';
  test('is an old one by a switch without prefix, of which the limit is not known', () => {
    expect(steps(OLD)).toContain('47c95a46d0fa');
    expect(steps(OLD)).not.toContain('uname -r');
    expect(steps(OLD)).not.toContain('this kernel rejects');
    expect(steps(OLD)).not.toContain('a rejected second sample');
  });
  test('is not told by others', () => {
    expect(steps(to('kvm-clock'))).toContain('uname -r');
    expect(steps(OLD, MASK.replace('tsc:', 'acpi_pm:'))).toContain('uname -r');
  });
});

describe('how far a log reaches', () => {
  const list = { available: ['kvm-clock', 'acpi_pm'], current: 'kvm-clock' };
  const ends = (at: string): string => wholeLog([DETECTED], []).replace('   30.000000', at);
  test('three seconds after the initcalls it is past the refinement', () => {
    expect(diagnoseText(ends('    3.600000'), list).registration).toBe('never');
    expect(diagnoseText(ends('    3.400000'), list).registration).toBe('undetermined');
  });
  test('an excerpt is never known to be past it', () => {
    const lines = ends('   30.000000').split('\n').slice(3);
    expect(diagnoseText(lines.join('\n'), list).registration).toBe('undetermined');
  });
  test('the probe sends all there is, up to the moment when it has settled', () => {
    const watched = { state: 'never', firstPollS: 0.9, firstListedS: null, lastPollS: 30 } as const;
    expect(diagnoseText(ends('    3.400000'), { ...list, watched }).registration).toBe('never');
  });
});

describe('what is cited', () => {
  const lines = (text: string, more = {}): string =>
    diagnoseText(text, more)
      .evidence.map((e) => e.line)
      .join(' ');
  test('the list, and the line that lacks, where tsc is listed and nothing says how', () => {
    expect(lines(`tsc hpet\n${HEAD}\n${DETECTED}`)).toBe('1 0');
    expect(
      lines(`kvm-clock tsc\nkvm-clock\n${HEAD}\n${DETECTED}\n[    0.1] kvm-clock: Using msrs 1 and 0`),
    ).toContain('1');
    const bare = wholeLog([DETECTED], [], '4.0.0');
    expect(lines(`tsc acpi_pm\n${bare}`)).toMatch(/^1 0/);
  });
  test('a line once, and each that is missing once', () => {
    const { evidence } = diagnoseText(`kvm-clock tsc-early\n${HEAD}\n${DETECTED}`);
    const keys = evidence.map((e) => `${e.line} ${e.text}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBe(3);
  });
});

describe('a list without tsc is no contradiction', () => {
  const SKEW = '[   90.0] Clocksource tsc unstable (delta = 97382847 ns)';
  test.each([MARK, FOUND, SKEW])('after "%s"', (sign) => {
    expect(diagnoseText(`hpet acpi_pm\n${REFINED}\n${sign}`).summary).not.toContain('contradicts');
    expect(diagnoseText(`hpet acpi_pm\n${REFINED}\n${sign}`).registration).toBe('unstable');
  });
  test('but it is one after a slow read, which marks nothing', () => {
    const slow = '[   40.0] clocksource: timekeeping watchdog on CPU1: hpet retried 2 times before success';
    expect(diagnoseText(`hpet acpi_pm\n${REFINED}\n${slow}`).registration).toBe('undetermined');
  });
});
