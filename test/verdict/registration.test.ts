/** How tsc ended, and how sure that is: one sign more or less at a time. */
import { describe, expect, test } from 'vitest';
import type { DiagnoseInput } from '../../harness/verdict/diagnose.ts';
import { diagnoseText, wholeLog } from './from-text.ts';

const DETECTED = '[    0.000000] tsc: Detected 2400.000 MHz processor';
const HEAD = '$ dmesg | grep -i tsc';
const MASK = 'clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x1, max_idle_ns: 1 ns';
const SWITCH = '[    0.400000] clocksource: Switched to clocksource tsc-early';
const KEYRINGS = 'Initialise system trusted keyrings';
const KVM_CLOCK = '[    0.000000] kvm-clock: Using msrs 4b564d01 and 4b564d00';
const HPET = '[    0.010000] ACPI: HPET id: 0x8086a201 base: 0xfed00000';
const SKIPPED = 'Skipped synchronization checks as TSC is reliable.';
const version = (release: string): string => `[    0.000000] Linux version ${release} (builder@host)`;

function ended(text: string, more: Omit<DiagnoseInput, 'facts'> = {}): string {
  const { registration, confidence, evidence, cause } = diagnoseText(text, more);
  return `${registration}, ${confidence}, ${cause}, lines ${evidence.map((e) => e.line).join(' ')}`;
}

describe('a line of the registration', () => {
  test.each([
    [
      'less than a second after the first switch',
      `${SWITCH}\n[    0.500000] ${MASK}`,
      'known-frequency, likely, none, lines 2 1 0',
    ],
    [
      'a second and more after it',
      `${SWITCH}\n[    1.500000] ${MASK}`,
      'unrefined, possible, none, lines 2 0',
    ],
    [
      'after a later initcall',
      `${SWITCH}\n[    0.500000] ${KEYRINGS}\n[    1.500000] ${MASK}`,
      'unrefined, likely, none, lines 3 2 0',
    ],
    [
      'before a later initcall, without times',
      `${MASK}\n${KEYRINGS}`,
      'known-frequency, likely, none, lines 1 2 0',
    ],
    [
      'without times and neighbours',
      `${MASK}\nclocksource: Switched to clocksource tsc`,
      'undetermined, none, undetermined, lines ',
    ],
  ])('%s', (_, text, wanted) => {
    expect(ended(text)).toBe(wanted.replace(/lines $/, 'lines 1'));
  });

  test('in a whole log is certain of how it came', () => {
    const switched = '[    2.000001] clocksource: Switched to clocksource tsc';
    const whole = wholeLog([DETECTED], [switched]).replace(SWITCH, `${SWITCH}\n[    0.450000] ${MASK}`);
    expect(ended(whole)).toMatch(/^known-frequency, certain, none/);
    const late = [`[    2.000000] ${MASK}`, switched];
    expect(ended(wholeLog([DETECTED, HPET], late))).toMatch(/^unrefined, likely, none/);
    expect(ended(wholeLog([DETECTED], late))).toMatch(/^unrefined, likely, no-reference/);
  });

  test('is likely only where a refined line might have been cut out', () => {
    const others = ['pci 0000:00:1.0: a', 'e820: b', 'ACPI: c', 'smpboot: d'].join('\n');
    expect(ended(`${others}\n${SWITCH}\n[    0.500000] ${MASK}`)).toBe(
      'known-frequency, likely, none, lines 6 5 0',
    );
  });

  test('is of a known frequency on KVM only where that kernel marks it as known', () => {
    const text = (release: string) => `${version(release)}\n${KVM_CLOCK}\n[    0.000001] ${MASK}`;
    expect(ended(text('5.10.0'))).toBe('known-frequency, likely, none, lines 3 0');
    expect(ended(text('4.9.0'))).toBe('undetermined, none, undetermined, lines 3');
    expect(ended(text('5.10.0').replace(KVM_CLOCK, DETECTED))).toMatch(/^undetermined/);
  });
});

describe('a list that holds tsc, and no registration line', () => {
  const more = { available: ['kvm-clock', 'tsc', 'acpi_pm'], current: 'kvm-clock' };

  test.each([
    ['TSC_RELIABLE', `${HEAD}\n${DETECTED}\n${SKIPPED}`, 'known-frequency, likely, outranked, lines 3 0'],
    [
      'tsc=reliable',
      `${HEAD}\nCommand line: tsc=reliable\n${DETECTED}\n${SKIPPED}`,
      'undetermined, certain, outranked, lines 0',
    ],
    [
      'a kernel that trusts kvm-clock',
      `${HEAD}\n${version('5.10.0')}\n${DETECTED}`,
      'known-frequency, likely, outranked, lines 0',
    ],
    [
      'one that does not',
      `${HEAD}\n${version('4.9.0')}\n${DETECTED}`,
      'undetermined, certain, outranked, lines 0',
    ],
    ['no sight of the log', DETECTED, 'undetermined, certain, outranked, lines '],
  ])('%s', (_, text, wanted) => {
    expect(ended(text, more)).toBe(wanted);
  });

  test('a kernel that trusts kvm-clock is seen by its messages as well as by the list', () => {
    const text = `${HEAD}\n${version('5.10.0')}\n${DETECTED}`;
    expect(ended(`${text}\n${KVM_CLOCK}`, { available: ['tsc', 'hpet'] })).toMatch(
      /^known-frequency, likely/,
    );
    expect(ended(text, { available: ['tsc', 'hpet'] })).toMatch(/^undetermined/);
  });

  test('a whole log without a reference counter leaves the first estimate', () => {
    const bare = wholeLog([DETECTED], [], '4.0.0');
    expect(ended(bare, more)).toMatch(/^unrefined, likely/);
    expect(ended(wholeLog([DETECTED, HPET], [], '4.0.0'), more)).toMatch(/^undetermined/);
    const pm = '[    0.010000] ACPI: PM-Timer IO Port: 0x608';
    expect(ended(wholeLog([DETECTED, pm], [], '4.0.0'), more)).toMatch(/^undetermined/);
    expect(ended(`${HEAD}\n${DETECTED}`, more)).toMatch(/^undetermined/);
  });

  test('the list is cited where the text holds it', () => {
    expect(ended(`tsc hpet acpi_pm\n${HEAD}\n${DETECTED}\n${SKIPPED}`)).toBe(
      'known-frequency, likely, none, lines 1 4 0',
    );
  });

  describe('polled by the probe', () => {
    const watched = { state: 'registered', firstPollS: 0.8, firstListedS: 0.8, lastPollS: 3.8 } as const;
    const text = `${HEAD}\n${DETECTED}\n${SWITCH}`;
    test.each([
      ['at the first poll, too soon for a refinement', 0.8, 'known-frequency, certain'],
      ['later than the first poll', 1.9, 'unrefined, likely'],
      ['never', null, 'undetermined, certain'],
    ] as const)('%s', (_, firstListedS, wanted) => {
      expect(ended(text, { ...more, watched: { ...watched, firstListedS } })).toContain(wanted);
    });
    test('at a first poll that came late', () => {
      const late = { ...watched, firstPollS: 2, firstListedS: 2 };
      expect(ended(text, { ...more, watched: late })).toMatch(/^undetermined/);
      expect(ended(`${HEAD}\n${DETECTED}`, { ...more, watched })).toMatch(/^undetermined/);
      expect(ended(text, { ...more, watched: { ...watched, firstPollS: null } })).toMatch(/^undetermined/);
    });
  });
});

describe('a list without tsc', () => {
  const none = { available: ['kvm-clock', 'acpi_pm'], current: 'kvm-clock' };
  const early = { available: ['kvm-clock', 'tsc-early', 'acpi_pm'], current: 'kvm-clock' };
  const never = { state: 'never', firstPollS: 1, firstListedS: null, lastPollS: 30 } as const;

  test('shows nothing where the log would not', () => {
    expect(ended(DETECTED, none)).toBe('undetermined, none, undetermined, lines ');
    expect(ended(`${DETECTED}\nkvm-clock acpi_pm`)).toBe('undetermined, none, undetermined, lines 2');
  });

  test('is certain only where the log is past the refinement and the probe has waited', () => {
    const whole = wholeLog([DETECTED], []);
    expect(ended(whole, none)).toBe('never, likely, refinement-restarts, lines 0 2');
    // How it ended is certain then; why is not.
    const { summary, confidence } = diagnoseText(whole, { ...none, watched: never });
    expect([summary.slice(0, 24), confidence]).toEqual([
      'Tsc was never registered'.replace('T', 't'),
      'likely',
    ]);
  });

  test('with tsc-early in it says that it is still waited for', () => {
    expect(ended(`${HEAD}\n${DETECTED}`, early)).toBe('never, likely, refinement-restarts, lines 0 2');
    // Without its command line the log does not show that nothing there keeps tsc out.
    expect(ended(wholeLog([DETECTED], []), early)).toMatch(/^never, likely, refinement-restarts/);
    const asked = '[    0.000000] Command line: ro';
    expect(ended(wholeLog([DETECTED, asked], []), early)).toMatch(/^never, certain, refinement-restarts/);
    expect(ended(`${HEAD}\n${DETECTED}`, { ...early, watched: never })).toMatch(/^never, certain/);
    expect(ended(`${HEAD}\n${DETECTED}`, { ...early, watched: { ...never, state: 'registered' } })).toMatch(
      /^never, likely/,
    );
    expect(ended(DETECTED, { current: 'tsc-early' })).toMatch(/^never, likely/);
    expect(ended(DETECTED, { available: ['tsc', 'tsc-early'] })).toMatch(/^undetermined/);
  });

  test('of a CPU that has no TSC is certain, of one that has is not', () => {
    const flags = 'flags : fpu vme de pse msr pae mce cx8';
    expect(ended(`${flags}\n${HEAD}`, none)).toBe('never, certain, no-tsc, lines 1');
    expect(ended(`${flags} tsc\n${HEAD}\n${DETECTED}`, none)).toBe(
      'never, likely, refinement-restarts, lines 0 3',
    );
  });
});

describe('signs of an unstable TSC', () => {
  test.each([
    [
      'a mark',
      '[    3.0] tsc: Marking TSC unstable due to clocksource watchdog',
      'unstable, possible, watchdog-skew, lines 1',
    ],
    [
      'no frequency at all',
      '[    0.0] tsc: Marking TSC unstable due to could not calculate TSC khz',
      'never, likely, calibration-failed, lines 1',
    ],
    [
      'a warp',
      '[    0.2] Measured 42 cycles TSC warp between CPUs, turning off TSC clock.',
      'unstable, certain, tsc-warp, lines 1',
    ],
    [
      'the watchdog on another source',
      '[    3.0] Clocksource hpet unstable (delta = 97382847 ns)',
      'undetermined, none, undetermined, lines ',
    ],
    [
      'the watchdog on tsc',
      '[    3.0] Clocksource tsc unstable (delta = 97382847 ns)',
      'unstable, likely, watchdog-skew, lines 1',
    ],
  ])('%s', (_, text, wanted) => {
    expect(ended(text)).toBe(wanted);
  });

  test('a tsc that the probe saw leave was marked, with or without a message', () => {
    const watched = { state: 'removed', firstPollS: 1, firstListedS: 1, lastPollS: 30 } as const;
    expect(ended(DETECTED, { watched })).toBe('unstable, possible, watchdog-skew, lines ');
  });
});

describe('a trace of markers', () => {
  const trace = (...numbers: number[]): string =>
    numbers
      .map(
        (n, i) =>
          `[    ${i >> 1}.${i % 2}] No.${n}, func: tsc_refine_calibration_work, line: 12, file: tsc.c`,
      )
      .join('\n');

  test('that starts over is a loop, the surer the more often', () => {
    expect(ended(trace(4, 5, 4, 5))).toMatch(/^never, likely, refinement-restarts/);
    expect(ended(trace(4, 5, 4, 5, 4, 5))).toMatch(/^never, certain, refinement-restarts/);
  });
  test('that goes on is none', () => {
    expect(ended(trace(4, 5, 6))).toMatch(/^undetermined/);
    expect(ended(trace(4, 5, 4, 6))).toMatch(/^undetermined/);
  });
});

describe('silence', () => {
  test('of a log that would show a refinement is said, and is no proof', () => {
    expect(ended(`${HEAD}\n${DETECTED}`)).toBe('undetermined, none, undetermined, lines 0');
    expect(ended(DETECTED)).toBe('undetermined, none, undetermined, lines ');
  });
});

describe('the summary', () => {
  test.each([
    ['', 'No message about clocks was recognised'],
    [
      '[    1.9] tsc: Refined TSC clocksource calibration: 2399.998 MHz',
      'tsc was registered with a refined frequency: ',
    ],
    [`hpet kvm-clock\n${DETECTED}`, 'The text does not tell how tsc ended: '],
  ])('%s', (text, wanted) => {
    expect(diagnoseText(text).summary.slice(0, wanted.length)).toBe(wanted);
  });
  test('has a second sentence only for a cause', () => {
    const refined = '[    1.9] tsc: Refined TSC clocksource calibration: 2399.998 MHz';
    expect(diagnoseText(refined, { current: 'tsc' }).summary).not.toContain('. ');
    expect(diagnoseText(refined, { current: 'kvm-clock' }).summary).toContain(
      '. kvm-clock has the higher rating',
    );
  });
  test('does not deny a log where a list alone was given', () => {
    expect(diagnoseText('', { available: ['tsc'] }).summary).not.toContain('No message');
    expect(diagnoseText('', { current: 'tsc' }).summary).not.toContain('No message');
  });
});
