// A recorded cell with a part of it changed: what is asked, and how the difference is told.
import { expect, test } from 'vitest';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import { changedText } from '../../harness/run/again-text.ts';
import { changedGuest, isChange, rowsOf } from '../../harness/run/rerun-changed.ts';
import type { Observation } from '../../harness/verdict/types.ts';

const SEEN = {
  verdict: 'never',
  reason: 'tsc was never registered',
  current: 'kvm-clock',
  available: ['kvm-clock', 'acpi_pm'],
  kernelKhz: 3_000_000,
  trueKhz: 3_000_000,
  trueKhzFrom: 'asked',
  ppm: 0,
  readCounts: { pm: 155, hpet: 0 },
  diagnosis: null,
  differences: [],
} as unknown as Observation;

test('words are added to those of the cell; a trace takes the place of its own', () => {
  const guest = { ...DEFAULT_GUEST, append: 'nosmp', trace: 'event=a:b' };
  expect(changedGuest(guest, { append: 'tsc=unstable' })).toMatchObject({
    append: 'nosmp tsc=unstable',
    trace: 'event=a:b',
  });
  expect(changedGuest(guest, { trace: 'refinement' })).toMatchObject({
    append: 'nosmp',
    trace: 'refinement',
  });
  expect(() => changedGuest(guest, { append: 'init=/bin/sh' })).toThrow(
    /--append nosmp init=.*replace the probe/,
  );
  expect(() => changedGuest(guest, { trace: 'refinment' })).toThrow(/--trace refinment: .*no preset/);
  expect([isChange({}), isChange({ append: '' }), isChange({ kernel: 'k' })]).toEqual([false, true, true]);
});

test('what differs is shown in two lines, what is the same in one', () => {
  const rows = rowsOf(SEEN, { ...SEEN, verdict: 'refined', readCounts: { pm: 26, hpet: 0 } } as Observation);
  const text = changedText({
    cell: 'k.tcg.deterministic',
    changes: ['append: none -> x'],
    sameVerdict: false,
    rows,
    log: {
      matters: [{ side: 1, line: 9, text: 'tsc: Refined TSC', shows: 'x' }],
      others: [{ side: 0, line: 3, text: 'hpet: old', shows: '' }],
      rest: 'Of other things, 2 lines stand in A alone and 1 in B alone.',
    },
    observation: SEEN,
  });
  expect(text.split('\n')).toEqual([
    'k.tcg.deterministic',
    '  changed  append: none -> x',
    '  verdict         then  never',
    '                  now   refined',
    '  PM timer reads  then  155',
    '                  now   26',
    '  the same: cause, current, available, frequency, kHz, error, ppm, HPET reads, reason',
    '  lines on clocks only then:',
    '    hpet: old',
    '  lines on clocks only now:',
    '    tsc: Refined TSC',
    '  Of other things, 2 lines stand only then and 1 only now.',
    '',
  ]);
});
