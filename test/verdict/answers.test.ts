/** What people ask next: each answer where it applies, and nowhere else. */
import { describe, expect, test } from 'vitest';
import { factsOf } from '../../harness/evidence/facts.ts';
import { readPasted } from '../../harness/evidence/pasted/read-pasted.ts';
import { diagnose } from '../../harness/verdict/diagnose.ts';
import { diagnoseText } from './from-text.ts';

const DETECTED = '[    0.000000] tsc: Detected 2400.000 MHz processor';
const REFINED = '[    1.990000] tsc: Refined TSC clocksource calibration: 2399.998 MHz';
const METAL = 'flags : fpu vme de pse tsc msr pae mce cx8 constant_tsc nonstop_tsc';
const GUEST = 'flags : fpu vme de pse tsc msr pae mce cx8 hypervisor';
const MARK = (reason: string): string => `[   90.100000] tsc: Marking TSC unstable due to ${reason}`;

function skew(wd: number, cs: number): string {
  return [
    "[   90.000000] clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc' as unstable because the skew is too large:",
    `[   90.000010] clocksource:                       'hpet' wd_nsec: ${wd} wd_now: 1 wd_last: 0 mask: ffffffff`,
    `[   90.000020] clocksource:                       'tsc' cs_nsec: ${cs} cs_now: 1 cs_last: 0 mask: ffffffffffffffff`,
    MARK('clocksource watchdog'),
  ].join('\n');
}
const next = (...lines: string[]): string => diagnoseText(lines.join('\n')).next.join('\n');
const version = (release: string): string => `[    0.000000] Linux version ${release} (builder@host)`;

describe('real or false alarm', () => {
  test('the figures are said, with their sign', () => {
    expect(next(skew(500_000_000, 550_000_000))).toContain(
      'in 500 ms of hpet the TSC counted 550 ms, 50 ms more (100000 ppm); the TSC is the one that is off',
    );
    expect(next(skew(400_000_000, 500_000_000))).toContain('the reference is the one that is off');
    expect(next(skew(500_400_000, 500_000_000))).toContain('0.4 ms less (799 ppm)');
    expect(next(skew(540_000_000, 560_000_000))).toContain('which of them is off the figures do not tell');
    expect(next(skew(1_600_000_000, 1_700_000_000))).toContain(
      'what held the machine up made the difference',
    );
    expect(next(skew(500_000_000, 5_186_912_000).replaceAll("'hpet'", "'acpi_pm'"))).toContain(
      '500 ms of acpi_pm the TSC counted 5186.91 ms, 4686.91 ms more (9373824 ppm); the reference is the one that is off',
    );
    expect(next(skew(500_000_000, 620_000_000))).toContain('120 ms more');
    expect(next(skew(460_000_000, 560_000_000))).toContain('which of them is off the figures do not tell');
  });
  test('of two counters that both ran late, and CPUs that differ, neither is said to be off', () => {
    const behind = '[   90.000030] clocksource:         CPUs 1,3 behind CPU 2 for clocksource tsc:';
    expect(next(skew(1_600_000_000, 1_700_000_000), behind)).toContain(
      'both ran over the 0.5 s that was due',
    );
  });
  test('the limit is that of the kernel at hand', () => {
    const close = 'so it is close to the limit';
    expect(next(version('5.4.0'), skew(500_000_000, 570_000_000))).toContain(
      `allows 62.5 ms in one check, ${close}`,
    );
    expect(next(version('5.4.0'), skew(500_000_000, 700_000_000))).not.toContain(close);
    expect(next(version('6.1.0'), skew(500_000_000, 500_900_000))).toContain(
      `0.2 to 0.5 ms in one check, ${close}`,
    );
    expect(next(version('6.1.0'), skew(500_000_000, 570_000_000))).not.toContain(close);
    expect(next(skew(500_000_000, 570_000_000))).not.toContain('this kernel allows');
    expect(next(version('4.18.0-553.el8.x86_64'), skew(500_000_000, 570_000_000))).not.toContain(
      'this kernel allows',
    );
  });
  test('not of an interval that is too short, nor without figures', () => {
    expect(next(skew(15_000, 15_150))).not.toContain('Real or false alarm');
    expect(next(MARK('clocksource watchdog'))).not.toContain('Real or false alarm');
  });
});

test.each([
  ['check_tsc_sync_source failed', 'Never tsc=reliable'],
  ['TSCs unsynchronized', 'Not tsc=reliable here: a TSC that is not constant'],
  ['TSC halts in idle', 'Not tsc=reliable here: the time would stand still'],
  ['clocksource watchdog', 'silence the check and mend nothing'],
])('may I use tsc=reliable after "%s"', (reason, answer) => {
  expect(next(MARK(reason))).toContain(answer);
});

test('tsc=nowatchdog is an answer to a slow reference and to a pause', () => {
  const slow =
    '[   89.000000] clocksource: timekeeping watchdog on CPU1: hpet read-back delay of 180000ns, attempt 3, marking unstable';
  expect(next(slow, MARK('clocksource watchdog'))).toContain('the reference is at fault');
  expect(next('[   89.000000] PM: suspend exit', MARK('clocksource watchdog'))).toContain(
    'keeps tsc over such',
  );
});

describe('why echo does nothing', () => {
  test('of an unstable TSC, and of one that is not there', () => {
    expect(next(MARK('TSC halts in idle'))).toContain('an unstable TSC is refused without an error');
    expect(next('kvm-clock acpi_pm', '$ dmesg | grep -i tsc', DETECTED)).toContain(
      'a name that is not there',
    );
    expect(next(REFINED)).not.toContain('Why "echo tsc');
    expect(next('kvm-clock acpi_pm', DETECTED)).not.toContain('Why "echo tsc');
    const trace = [4, 5, 4, 5].map(
      (n, i) => `[    ${i >> 1}.${i % 2}] No.${n}, func: tsc_refine_calibration_work, line: 1, file: t`,
    );
    expect(next(...trace)).not.toContain('Why "echo tsc');
  });
  test('is not asked where tsc can be chosen, and echo is not advised where it cannot', () => {
    const outranked = next(
      'kvm-clock tsc acpi_pm',
      '[    0.2] clocksource: Switched to clocksource kvm-clock',
      REFINED,
    );
    expect(outranked).toContain('echo tsc >');
    expect(next('[    0.2] clocksource: Switched to clocksource kvm-clock', REFINED)).not.toContain(
      'echo tsc >',
    );
  });
});

test('an error that is there from the registration on is one of the known frequency, which "recalibrated" tells', () => {
  const text = [
    version('6.1.0'),
    '[   89.000000] clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x1, max_idle_ns: 1 ns',
    '[   89.500000] tsc: TSC freq recalibrated by [HPET]: 2400.001 MHz',
    skew(500_000_000, 501_000_000),
  ];
  expect(diagnoseText(text.join('\n')).cause).toBe('wrong-known-frequency');
  expect(diagnoseText(text.toSpliced(2, 1).join('\n')).cause).toBe('watchdog-skew');
});

test('what a slow clocksource costs, and a fast one does not', () => {
  expect(
    next(METAL, MARK('TSC halts in idle'), '[   91.0] clocksource: Switched to clocksource hpet'),
  ).not.toContain('guest');
  expect(next(REFINED, MARK('TSC halts in idle'))).not.toContain('What it costs');
  const to = (name: string): string => `[   90.200000] clocksource: Switched to clocksource ${name}`;
  for (const slow of ['hpet', 'acpi_pm', 'jiffies', 'refined-jiffies', 'pit'])
    expect(next(MARK('TSC halts in idle'), to(slow))).toContain(`with ${slow} every reading`);
  for (const fast of ['kvm-clock', 'tsc', 'xen'])
    expect(next(MARK('TSC halts in idle'), to(fast))).not.toContain('What it costs');
});

test('a guest that migrates keeps kvm-clock; a source on a bare machine is no question of migration', () => {
  expect(
    next('kvm-clock tsc acpi_pm', '[    0.2] clocksource: Switched to clocksource kvm-clock', REFINED),
  ).toContain('For a guest that migrates kvm-clock is the right choice');
  const list = ['kvm-clock tsc acpi_pm', '[    0.2] clocksource: Switched to clocksource kvm-clock'];
  expect(next(...list, MARK('TSC halts in idle'))).not.toContain('migrates');
  expect(
    next('xen tsc acpi_pm', '[    0.2] clocksource: Switched to clocksource xen', REFINED),
  ).not.toContain('migrates');
  expect(next(REFINED)).not.toContain('migrates');
});

test('what an unstable host means for its guests', () => {
  const host = '[  712.2] kvm: SMP vm created on host with unstable TSC; guest TSC will not be reliable';
  expect(next(host)).toContain('For the guests of this host');
  expect(next(MARK('TSC halts in idle'))).not.toContain('For the guests of this host');
  expect(next('[    3.0] kvm: Nested Virtualization enabled', REFINED)).not.toContain(
    'For the guests of this host',
  );
});

test('since when', () => {
  expect(next(MARK('TSC halts in idle'))).toContain('Since when: 90.1 s after boot (line 1)');
  expect(next('tsc: Marking TSC unstable due to TSC halts in idle')).not.toContain('Since when');
  const warp = '[    0.300000] Measured 42 cycles TSC warp between CPUs, turning off TSC clock.';
  expect(next(warp, MARK('check_tsc_sync_source failed'))).toContain('Since when: 0.3 s after boot (line 1)');
  const found =
    "[    8.500000] TSC found unstable after boot, most likely due to broken BIOS. Use 'tsc=unstable'.";
  expect(next(found)).toContain('Since when: 8.5 s');
  expect(diagnoseText(found).summary).toContain('the text does not hold the line that says why');
  expect(next(REFINED)).not.toContain('Since when');
});

test('a time of day does not tell how long after the boot it was', () => {
  const text =
    'Mar 09 07:03:05 h kernel: tsc: Detected 2400.000 MHz processor\nMar 11 08:10:20 h kernel: tsc: Marking TSC unstable due to TSC halts in idle';
  const lines = text.split('\n').map((line, index) => ({ n: index + 1, text: line }));
  const steps = diagnose({ facts: factsOf(readPasted(lines).lines) }).next.join('\n');
  expect(steps).toContain('Since when: the time of day in line 2.');
  expect(steps).not.toContain('after boot');
});

describe('advice by place', () => {
  const halts = MARK('TSC halts in idle');
  test('a bare machine gets none for guests, a guest none for firmware', () => {
    expect(next(METAL, skew(500_000_000, 550_000_000))).not.toMatch(/guest|migrat|TSC scaling/i);
    expect(next(METAL, skew(500_000_000, 550_000_000))).toContain('compare tsc with NTP');
    expect(next(GUEST, skew(500_000_000, 550_000_000))).toContain('check TSC scaling on the target host');
    expect(next(GUEST, skew(500_000_000, 550_000_000))).not.toContain('firmware');
    expect(next(METAL, halts)).not.toContain('guest');
  });
  test('where the place is not known, each advice says whom it is for', () => {
    const steps = next(skew(500_000_000, 550_000_000));
    expect(steps).toContain('If this is a guest: compare the frequency');
    expect(steps).toContain('On a bare machine: update the firmware');
  });
  test.each([
    ['[    0.000000] Hypervisor detected: KVM', 'guest'],
    ['[    0.000000] kvm-clock: Using msrs 4b564d01 and 4b564d00', 'guest'],
    ['xen hpet acpi_pm', 'guest'],
    ['[    0.2] clocksource: Switched to clocksource hyperv_clocksource_tsc_page', 'guest'],
    ['[    3.0] kvm: Nested Virtualization enabled', 'metal'],
    ['[    0.0] DMI: Dell Inc. PowerEdge R640/0H28RR, BIOS 2.10.2 02/24/2021', 'metal'],
    ['[    0.0] DMI: HPE ProLiant DL380 Gen10/ProLiant DL380 Gen10, BIOS U30 02/09/2023', 'metal'],
    ['[    0.0] DMI: Amazon EC2 m5.metal/Not Specified, BIOS 1.0 10/16/2017', 'metal'],
    ['[    0.0] DMI: Amazon EC2 m5.large/, BIOS 1.0 10/16/2017', 'guest'],
    ['[    0.0] DMI: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-1 04/01/2014', 'guest'],
    ['[    0.0] DMI: Microsoft Corporation Virtual Machine/Virtual Machine, BIOS 090008 12/07/2018', 'guest'],
    ['[    0.0] DMI: A Cloud Compute Instance, BIOS 1 01/01/2024', 'not known'],
  ])('%s', (sign, place) => {
    const steps = next(sign, skew(500_000_000, 550_000_000));
    expect(steps.includes('TSC scaling')).toBe(place !== 'metal');
    expect(steps.includes('compare tsc with NTP')).toBe(place !== 'guest');
  });
});

describe('contradictions', () => {
  const said = (text: string, more = {}): string => diagnoseText(text, more).summary;
  test('are said, with what to send', () => {
    const { registration, confidence, next: steps } = diagnoseText(`hpet acpi_pm\n${REFINED}`);
    expect([registration, confidence]).toEqual(['undetermined', 'none']);
    expect(steps[0]).toContain('all of the same boot');
    expect(said(`hpet acpi_pm\n${REFINED}`)).toContain('the list lacks it');
    expect(said(REFINED, { available: ['tsc'], current: 'xen' })).toContain(
      'xen is said to be current and is not in the list',
    );
    expect(said(MARK('TSC halts in idle'), { current: 'tsc' })).toContain(
      'that was before the mark, or in another boot',
    );
  });
  test('a registration line counts as the refined one does', () => {
    const mask = '[    0.5] clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x1, max_idle_ns: 1 ns';
    expect(said(`hpet acpi_pm\n${mask}`)).toContain('the list lacks it');
  });
  test('are not seen where what follows explains them', () => {
    expect(said(`hpet acpi_pm\n${REFINED}\n${MARK('TSC halts in idle')}`)).not.toContain('contradicts');
    expect(
      said(
        `hpet acpi_pm\n${REFINED}\n[    0.2] Measured 42 cycles TSC warp between CPUs, turning off TSC clock.`,
      ),
    ).not.toContain('contradicts');
    expect(said(REFINED, { available: ['tsc', 'hpet'], current: 'tsc' })).not.toContain('contradicts');
    expect(said(MARK('TSC halts in idle'), { current: 'hpet' })).not.toContain('contradicts');
    expect(said(REFINED)).not.toContain('contradicts');
  });
  test('of an old kernel a listed TSC that is unstable is none', () => {
    const list = { available: ['tsc', 'hpet'] };
    expect(said(`${version('5.4.0')}\n${MARK('TSC halts in idle')}`, list)).toContain('contradicts');
    expect(said(`${version('4.4.0')}\n${MARK('TSC halts in idle')}`, list)).not.toContain('contradicts');
  });
});
