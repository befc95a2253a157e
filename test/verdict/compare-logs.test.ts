// A failing log beside a healthy one: which is which, and which difference the answer rests on.
import { expect, test } from 'vitest';
import { factsOf } from '../../harness/evidence/facts.ts';
import { readPasted } from '../../harness/evidence/pasted/read-pasted.ts';
import { compareLogs, normalForm } from '../../harness/verdict/compare-logs.ts';

function side(...texts: string[]) {
  const { lines } = readPasted(
    texts
      .join('\n')
      .split('\n')
      .map((text, i) => ({ n: i + 1, text })),
  );
  return { lines, facts: factsOf(lines) };
}
const DETECTED = '[    0.000000] tsc: Detected 3000.000 MHz processor';
const REFINED = '[    2.244080] tsc: Refined TSC clocksource calibration: 2394.455 MHz';
const KVM = side(
  '$ cat available_clocksource',
  'kvm-clock acpi_pm',
  DETECTED,
  '[    1.8] TSC deadline timer enabled',
  '[    2.6] Switched to clocksource kvm-clock',
);
const XEN = side(
  '$ cat available_clocksource',
  'xen tsc hpet acpi_pm',
  DETECTED.replace('3000', '2394'),
  '[    0.6] Switched to clocksource xen',
  REFINED,
  '[    3.0] usb 1-1: new device',
);

test('what the healthy one has and the failing one lacks comes first, whichever is named first', () => {
  const there = compareLogs(KVM, XEN);
  expect(there).toMatchObject({ failing: 0, matters: [{ side: 1, line: 5 }] });
  expect(there.summary).toContain(
    'B has "tsc: Refined TSC clocksource calibration: 2394.455 MHz" (line 5), and A does not',
  );
  expect(there.others.map(({ side, line }) => `${side} ${line}`)).toEqual(['0 4', '0 5', '1 4']);
  expect(there.rest).toContain('0 lines stand in A alone and 1 in B');
  expect(compareLogs(XEN, KVM)).toMatchObject({ failing: 1, matters: [{ side: 0, line: 5 }] });
});

test('what the failing one says against tsc comes before what the healthy one has', () => {
  const bad = side(DETECTED, '[    0.3] tsc: Marking TSC unstable due to TSCs unsynchronized');
  const { matters, fields } = compareLogs(bad, XEN);
  expect(matters.map(({ side, line }) => `${side} ${line}`)).toEqual(['0 2', '1 5']);
  expect(fields).toContainEqual({ name: 'registration', values: ['unstable', 'refined'] });
  expect(fields.map(({ name }) => name)).not.toContain('kernel');
});

test('logs that end alike have no difference that matters', () => {
  expect(compareLogs(XEN, XEN)).toMatchObject({ failing: null, matters: [], others: [], rest: null });
  expect(compareLogs(XEN, XEN).summary).toContain('Both logs end alike');
  expect(compareLogs(side(DETECTED), side('x')).summary).toMatch(/end alike|Neither/);
});

test.each([
  ['hpet0: at MMIO 0xfed00000, IRQs 2, 8, 0', 'hpet0: at MMIO 0xfed10000, IRQs 2, 8, 5', true],
  [
    'tsc: Refined TSC clocksource calibration: 2394.455 MHz',
    'tsc: Refined TSC clocksource calibration: 3000.001 MHz',
    true,
  ],
  [
    "clocksource:  'hpet' wd_now: 6d1cef00 wd_last: 6a21fe80",
    "clocksource:  'hpet' wd_now: 7d1cef0f wd_last: 6a21fe81",
    true,
  ],
  ['eth0: link 52:54:00:ab:cd:ef', 'eth1: link 52:54:00:12:34:56', true],
  ['Switched to clocksource kvm-clock', 'Switched to clocksource xen', false],
  ['tsc: Fast TSC calibration using PIT', 'tsc: Fast TSC calibration failed', false],
])('%j and %j count as the same: %s', (a, b, same) => {
  expect(normalForm(a) === normalForm(b)).toBe(same);
});
