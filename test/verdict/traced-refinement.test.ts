// What the kernel's own trace proves; the lines are of 6.1.176 without the refinement fix, PM timer reads slowed by 14 us.
import { expect, test } from 'vitest';
import { gatherFacts } from '../../harness/evidence/facts.ts';
import { diagnose } from '../../harness/verdict/diagnose.ts';
import { wholeLog } from './from-text.ts';

const pass = (s: number): string =>
  `     kworker/0:2-20      [000] .....     ${s}.350026: workqueue_execute_start: work struct (____ptrval____): function tsc_refine_calibration_work`;
const entry = (s: number): string =>
  `     kworker/0:2-20      [000] .....     ${s}.350027: p_tsc_refine_calibration_work: (tsc_refine_calibration_work+0x0/0x40)`;
const sample = (s: number, value = '0xffffffffffffffff'): string =>
  `     kworker/0:2-20      [000] .....     ${s}.353232: r_tsc_read_refs: (tsc_refine_calibration_work.cold+0x90/0x31f <- tsc_read_refs) ret=${value}`;
/** As the probe's frames stand on a console, behind the log. */
const LINES_BEFORE = 500;

function diagnosed(trace: readonly string[], late: readonly string[] = [], listed = false) {
  const early = ['[    0.000000] tsc: Detected 3000.000 MHz processor'];
  const log = wholeLog(early, late)
    .split('\n')
    .map((text, n) => ({ n: n + 1, text }));
  const lines = trace.map((text, n) => ({ n: LINES_BEFORE + n, text }));
  return diagnose({
    facts: gatherFacts(log, lines),
    available: listed ? ['tsc', 'acpi_pm'] : ['tsc-early', 'acpi_pm'],
    current: listed ? 'tsc' : 'tsc-early',
  });
}

const ended = ({ registration, cause, confidence }: ReturnType<typeof diagnose>): string =>
  `${registration}, ${cause}, ${confidence}`;
const cited = ({ evidence }: ReturnType<typeof diagnose>): number[] =>
  evidence.flatMap(({ line }) => (line >= LINES_BEFORE ? [line - LINES_BEFORE] : []));

test('samples that return ULLONG_MAX are a refinement that starts over, and are cited', () => {
  const shown = diagnosed([pass(0), entry(0), sample(0), pass(1), entry(1), sample(1)]);
  expect(ended(shown)).toBe('never, refinement-restarts, certain');
  expect(cited(shown)).toEqual([2, 5]);
  expect(shown.summary).toContain('2 of its 2 samples rejected (tsc_read_refs returned ULLONG_MAX)');
  expect(shown.next.join()).not.toContain('Boot once with trace_event=');
});

test('one rejected sample, or a last one that was taken, proves nothing', () => {
  expect(cited(diagnosed([pass(0), sample(0)]))).toEqual([]);
  expect(cited(diagnosed([sample(0), sample(1), sample(2, '0x5e421484')]))).toEqual([]);
});

test('without returns, a third pass shows it, and two do not', () => {
  expect(cited(diagnosed([pass(0), entry(0), pass(1)]))).toEqual([]);
  const shown = diagnosed([pass(0), entry(0), pass(1), pass(2)]);
  expect(ended(shown)).toBe('never, refinement-restarts, certain');
  expect(cited(shown)).toEqual([0, 2, 3]);
});

test('a tsc that came after rejected samples was registered', () => {
  const refined = '[    2.900000] tsc: Refined TSC clocksource calibration: 2999.999 MHz';
  const trace = [pass(0), sample(0), pass(1), sample(1), pass(2), pass(3)];
  const shown = diagnosed(trace, [refined], true);
  expect(ended(shown)).toMatch(/^refined, none/);
  expect(shown.next).toContain(
    'In the trace: 4 passes of tsc_refine_calibration_work; of 2 samples 0 were taken and 2 rejected.',
  );
});
