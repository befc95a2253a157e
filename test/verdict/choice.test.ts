/** What outranks tsc, what a command line keeps out, and what each place is advised. */
import { describe, expect, test } from 'vitest';
import { gatherFacts } from '../../harness/evidence/facts.ts';
import { adviceOn, type Cause } from '../../harness/verdict/causes.ts';
import { contextOf } from '../../harness/verdict/context.ts';
import { diagnoseText } from './from-text.ts';

const REFINED = '[    1.990000] tsc: Refined TSC clocksource calibration: 2399.998 MHz';
const DETECTED = '[    0.000000] tsc: Detected 2400.000 MHz processor';
const version = (release: string): string => `[    0.000000] Linux version ${release} (builder@host)`;
const FLAGS = 'flags : fpu vme de pse tsc msr pae mce hypervisor';

const ended = (current: string, ...lines: string[]): string => {
  const { cause, confidence } = diagnoseText([...lines, REFINED].join('\n'), { current });
  return `${cause}, ${confidence}`;
};

describe('the rating of a current source, without the list', () => {
  test.each([
    ['kvm-clock', [version('5.0.0')], 'outranked, certain'],
    ['kvm-clock', [version('5.1.0')], 'outranked, likely'],
    ['kvm-clock', [version('3.10.0-1160.el7.x86_64')], 'outranked, certain'],
    ['kvm-clock', [version('4.18.0-553.el8.x86_64')], 'outranked, likely'],
    ['kvm-clock', [], 'outranked, likely'],
    ['kvm-clock', [version('5.10.0'), FLAGS], 'outranked, certain'],
    ['kvm-clock', [version('5.10.0'), `${FLAGS} nonstop_tsc`], 'undetermined, none'],
    ['kvm-clock', [version('5.0.0'), `${FLAGS} nonstop_tsc`], 'outranked, certain'],
    ['xen', [version('5.0.0')], 'outranked, likely'],
    ['hyperv_clocksource_tsc_page', [`${FLAGS} nonstop_tsc`], 'undetermined, none'],
    ['hpet', [version('5.0.0')], 'undetermined, none'],
    ['foo', [], 'undetermined, none'],
  ])('%s after %j: %s', (current, lines, wanted) => {
    expect(ended(current, ...lines)).toBe(wanted);
  });
});

describe('a parameter that keeps tsc out', () => {
  const never = (commandLine: string): string =>
    diagnoseText(`$ dmesg | grep -iE "tsc|command"\nCommand line: ro ${commandLine}\n${DETECTED}`, {
      available: ['hpet', 'acpi_pm'],
    }).cause;
  test.each(['notsc', 'tsc=unstable', 'initcall_blacklist=a,init_tsc_clocksource'])('%s', (parameter) => {
    expect(never(parameter)).toBe('command-line');
  });
  test.each(['tsc=reliable', 'notscx', 'initcall_blacklist=a', 'clocksource=hpet'])('not %s', (parameter) => {
    expect(never(parameter)).toBe('refinement-restarts');
  });
  test('nor one of which the line is not there', () => {
    expect(diagnoseText('[    0.0] tsc: Marking TSC unstable due to boot parameter').evidence).toHaveLength(
      1,
    );
    const both = diagnoseText(
      'Command line: tsc=unstable\n[    0.0] tsc: Marking TSC unstable due to boot parameter',
    );
    expect(both.evidence.map((e) => e.line)).toEqual([2, 1]);
  });
});

test('a reason that no kernel has is cited, and leaves the cause open', () => {
  const { cause, evidence, summary } = diagnoseText(
    '[    9.0] tsc: Marking TSC unstable due to board quirk.',
  );
  expect([cause, evidence.map((e) => e.line)]).toEqual(['undetermined', [1]]);
  expect(summary).toBe(
    'The TSC was marked unstable: the reason given is "board quirk". No kernel of kernel.org gives that reason.',
  );
});

test('why tsc never came is open where nothing tells', () => {
  const { summary } = diagnoseText('$ dmesg | grep -i tsc\n[    0.2] TSC deadline timer available', {
    available: ['hpet'],
  });
  expect(summary).toContain('The text does not show why.');
});

const advice = (cause: Cause, flags: string): string =>
  adviceOn(cause, contextOf({ facts: gatherFacts([{ n: 1, text: flags }]) })).join('\n');

describe('advice', () => {
  const METAL = 'flags : fpu vme de pse tsc msr pae mce cx8';
  test.each<[Cause, string, string]>([
    ['no-tsc', 'a CPU that has a TSC', 'too old'],
    ['calibration-failed', 'a reference timer that answers', 'Switch the HPET on'],
    ['no-reference', 'a PM timer or an HPET', 'Switch the HPET on'],
    ['unsynchronized', 'Give the guest a constant TSC', 'has no constant TSC'],
    ['tsc-warp', 'the TSC offsets of the vCPUs', 'Update the firmware'],
    ['halts-in-idle', 'Give the guest an invariant TSC', 'processor.max_cstate=1'],
    ['guest-paused', 'paused, migrated or restored', 'what held the machine up'],
    ['watchdog-skew', 'TSC scaling', 'compare tsc with NTP'],
    ['refinement-restarts', '-machine hpet=on', 'in the firmware'],
  ])('on %s is for a guest or for a bare machine', (cause, guest, metal) => {
    expect(advice(cause, FLAGS)).toContain(guest);
    expect(advice(cause, METAL)).toContain(metal);
    expect(advice(cause, METAL)).not.toMatch(/guest|QEMU|vCPU/);
  });
});

describe('signs of a guest', () => {
  const SKEW = (watchdog: string): string =>
    `[   90.0] clocksource: Clocksource 'tsc' skewed 50399187 ns (50 ms) over watchdog '${watchdog}' interval of 503993124 ns (503 ms)`;
  const isGuest = (text: string, more = {}): boolean =>
    !diagnoseText(text, more).next.join('\n').includes('On a bare machine');
  test.each([
    ['its watchdog', SKEW('kvm-clock'), {}],
    [
      'a switch',
      `${SKEW('hpet')}\n[    0.4] clocksource: Switched to clocksource vmware-tsc\n[    0.5] clocksource: Switched to clocksource hpet`,
      {},
    ],
    ['the list', SKEW('hpet'), { available: ['xen', 'hpet'] }],
    ['the current source', SKEW('hpet'), { current: 'xen' }],
  ])('%s', (_, text, more) => {
    expect(isGuest(text, more)).toBe(true);
  });
  test('none', () => {
    expect(isGuest(SKEW('hpet'))).toBe(false);
  });
});
