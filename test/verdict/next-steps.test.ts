/** What to send and what to try: asked for only if it is not there, and true of the kernel at hand. */
import { describe, expect, test } from 'vitest';
import { ASK } from '../../harness/verdict/requests.ts';
import { diagnoseText, wholeLog } from './from-text.ts';

const DETECTED = '[    0.000000] tsc: Detected 2400.000 MHz processor';
const KVM = '[    2.000000] clocksource: Switched to clocksource kvm-clock';

describe('of an open diagnosis', () => {
  const all = diagnoseText('nothing of a kernel').next;

  test('everything is asked for that is not there', () => {
    expect(all).toEqual([ASK.available, ASK.dmesg, ASK.current, ASK.cmdline]);
  });

  test.each([
    ['the list', ASK.available, { available: ['kvm-clock', 'acpi_pm'] }, ''],
    ['the current source', ASK.current, { current: 'kvm-clock' }, ''],
    ['the command line', ASK.cmdline, {}, 'Command line: ro'],
  ] as const)('%s is not asked for where it is there', (_, ask, more, text) => {
    expect(diagnoseText(text, more).next).not.toContain(ask);
  });

  test('a whole log is not asked for again', () => {
    const { registration, next } = diagnoseText(wholeLog([DETECTED], []));
    expect(registration).toBe('undetermined');
    expect(next).not.toContain(ASK.dmesg);
    expect(next).toContain(ASK.available);
  });

  test('the flags are asked for where tsc never came and nothing says why', () => {
    const grep = '$ dmesg | grep -i tsc\n[    0.2] TSC deadline timer available';
    const more = { available: ['kvm-clock', 'acpi_pm'] };
    expect(diagnoseText(grep, more).next).toContain(ASK.flags);
    expect(all).not.toContain(ASK.flags);
    const flags = 'flags : fpu vme de pse tsc msr pae mce cx8';
    expect(diagnoseText(`${flags}\n${grep}`, more).next).not.toContain(ASK.flags);
  });
});

test('a clear diagnosis asks for nothing', () => {
  const { next } = diagnoseText('[    1.9] tsc: Refined TSC clocksource calibration: 2399.998 MHz', {
    current: 'tsc',
  });
  expect(next).toEqual([]);
});

test('a refined frequency of a kernel with trace markers is not to be trusted blindly', () => {
  const refined = '[    1.9] tsc: Refined TSC clocksource calibration: 2399.998 MHz';
  const marker = '[    0.5] No.1, func: init_tsc_clocksource, line: 1267, file: arch/x86/kernel/tsc.c';
  expect(diagnoseText(`${marker}\n${refined}`).next.join()).toContain('Caution');
  expect(diagnoseText(refined).next.join()).not.toContain('Caution');
  expect(diagnoseText(marker).next.join()).not.toContain('Caution');
});

describe('of a refinement that never ends', () => {
  const stepsOf = (release: string | null, mhz: string, more = ''): string =>
    diagnoseText(
      [
        '$ dmesg | grep -iE "tsc|version"',
        release === null ? '' : `[    0.000000] Linux version ${release} (builder@host)`,
        `[    0.000000] tsc: Detected ${mhz} MHz processor`,
        more,
        KVM,
      ].join('\n'),
      { available: ['kvm-clock', 'acpi_pm'] },
    ).next.join('\n');

  test('the newer limit helps above 1.6 GHz and is the stricter one below', () => {
    expect(stepsOf('4.9.0', '2400.000')).toContain('allows 31.25 us instead');
    expect(stepsOf('4.9.0', '1601.000')).toContain('allows 31.25 us instead');
    expect(stepsOf('4.9.0', '1599.000')).toContain('would not help: below 1.6 GHz');
    expect(stepsOf('4.9.0', '1599.000')).not.toContain('allows 31.25 us instead');
    expect(stepsOf('5.10.0', '2400.000')).not.toContain('a786ef152cdc');
  });

  test('the limit is said in cycles and in microseconds', () => {
    expect(stepsOf('4.9.0', '2500.000')).toContain('above 50000 cycles (20.0 us at 2500 MHz)');
    expect(stepsOf('5.10.0', '2400.000')).toContain('above 75000 cycles (31.3 us at 2400 MHz)');
    expect(stepsOf('3.10.0-1000.el7.x86_64', '2400.000')).not.toContain('this kernel rejects');
  });

  test('the fix for KVM is named with what it needs, and not where it is in', () => {
    expect(stepsOf('4.9.0', '2400.000')).toContain('needs 47c95a46d0fa (4.10) with it');
    expect(stepsOf('4.14.20', '2400.000')).toContain('e10f78050323');
    expect(stepsOf('4.14.20', '2400.000')).not.toContain('47c95a46d0fa');
    expect(stepsOf('4.18.0', '2400.000')).not.toContain('e10f78050323');
  });

  test('a second sample that starts everything over is said of the kernels that do so', () => {
    expect(stepsOf('5.10.0', '2400.000')).toContain('a rejected second sample');
    expect(stepsOf('4.9.0', '2400.000')).not.toContain('a rejected second sample');
  });

  test('the version is asked for where it is not known, and nothing is said of its limit', () => {
    const steps = stepsOf(null, '2400.000', '[    0.1] clocksource: kvm-clock: mask: 0xffffffffffffffff');
    expect(steps).toContain(ASK.version);
    expect(steps).not.toContain('this kernel rejects');
    expect(steps).not.toContain('e10f78050323');
    expect(stepsOf('5.10.0', '2400.000')).not.toContain(ASK.version);
  });

  test('a trace is asked for where there is none, a cheaper reference is always worth a try', () => {
    expect(stepsOf('5.10.0', '2400.000')).toContain('trace_event=workqueue');
    const trace = [4, 5, 4, 5].map(
      (n, i) =>
        `[    ${i}.6] No.${n}, func: tsc_refine_calibration_work, line: 12, file: arch/x86/kernel/tsc.c`,
    );
    const steps = stepsOf('5.10.0', '2400.000', trace.join('\n'));
    expect(steps).not.toContain('trace_event=workqueue');
    expect(steps).toContain('Try a cheaper reference');
  });
});
