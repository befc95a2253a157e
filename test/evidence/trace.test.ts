// The probe's frames of a trace, and what they say of the refinement.
import { expect, test } from 'vitest';
import { readConsole } from '../../harness/evidence/console.ts';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { ftraceFact } from '../../harness/evidence/facts/ftrace.ts';
import { readFrames } from '../../harness/evidence/report.ts';
import { traceLacks } from '../../harness/evidence/trace-frames.ts';
import { bytes, NONCE, report } from './frame-text.ts';

const PASS =
  '     kworker/0:1-17      [000] .....     0.439236: workqueue_execute_start: work struct 000000003dda9bde: function tsc_refine_calibration_work';
const ENTRY =
  '     kworker/0:1-17      [000] .....     0.439240: p_tsc_refine_calibration_work: (tsc_refine_calibration_work+0x0/0x200)';
const SAMPLE =
  '     kworker/0:1-17      [000] .....     0.439260: r_tsc_read_refs: (tsc_refine_calibration_work+0x1f/0x200 <- tsc_read_refs) ret=0xffffffffffffffff';

const traceOf = (frames: readonly (readonly [string, string])[]) =>
  readFrames(readConsole(bytes(report(frames))), NONCE).trace;

test('event and probe of one pass are one pass; ULLONG_MAX is a rejected sample', () => {
  const later = (line: string) => line.replace('0.439', '1.439');
  const texts = [PASS, ENTRY, SAMPLE, later(PASS), later(SAMPLE).replace('0xffffffffffffffff', '0x5af31')];
  const fact = ftraceFact(texts.map((text, n) => ({ n: n + 1, text })));
  expect(fact?.passes.map(({ line, timeS }) => [line, timeS])).toEqual([
    [1, 0.439236],
    [4, 1.439236],
  ]);
  expect(fact?.samples.map(({ value, rejected }) => [value, rejected])).toEqual([
    ['0xffffffffffffffff', true],
    ['0x5af31', false],
  ]);
});

test.each([
  [
    'kworker/0:1-17 [000] 0.439236: workqueue_execute_start: work struct 1: function tsc_refine_calibration_work',
    1,
  ],
  [
    '<idle>-0 (-----) [000] d.h1. 0.4: workqueue_execute_start: work struct 1: function tsc_refine_calibration_work',
    0,
  ],
  ['[    0.439236] workqueue_execute_start: work struct 1: function tsc_refine_calibration_work', 0],
  [PASS.replace('calibration_work', 'calibration_work_2'), 0],
])('%s', (text, passes) => {
  expect(ftraceFact([{ n: 1, text }])?.passes.length ?? 0).toBe(passes);
});

test('a console with a trace: facts by the lines of the frames, and no word of it in the log', () => {
  const evidence = gatherEvidence(
    bytes(
      report([
        ['trace', PASS],
        ['trace', SAMPLE],
        ['traceinfo', 'sent=2 others=73 cut=0'],
      ]),
    ),
    NONCE,
  );
  expect(evidence.facts.ftrace?.passes[0]?.line).toBe(2);
  expect(evidence.facts.ftrace?.samples[0]?.line).toBe(3);
  expect(evidence.log).toEqual([]);
  expect(evidence.report.trace).toMatchObject({ others: 73, cut: 0, none: null });
  expect(gatherEvidence(bytes(report([])), NONCE).report).not.toHaveProperty('trace');
});

test.each<[string, string, RegExp]>([
  ['tracefunc', 'name=f symbol=f traceable=none kprobes=yes', /compiled without ftrace.*NOTRACE/],
  ['tracefunc', 'name=f symbol=f traceable=f kprobes=yes', /refused/],
  ['tracefunc', 'name=f symbol=f.isra.0 traceable=none kprobes=yes', /made f\.isra\.0 of it/],
  ['tracefunc', 'name=f symbol=none traceable=none kprobes=yes', /inlined/],
  ['tracefunc', 'name=f symbol=f traceable=f kprobes=no', /CONFIG_KPROBE_EVENTS/],
  ['traceinfo', 'error=No such device', /no tracefs \(No such device\)/],
  ['traceinfo', 'entries-in-buffer/entries-written: 75/80   #P:1', /5 entries were overwritten/],
  ['traceinfo', 'sent=9 others=0 cut=4', /4 lines are beyond/],
])('%s %s is said', (kind, payload, message) => {
  const trace = traceOf([
    [kind, payload],
    ['traceinfo', 'entries-in-buffer/entries-written: 1/1'],
  ]);
  expect(trace && traceLacks(trace).join()).toMatch(message);
});

test('a probe that is asked for twice is no error, another is', () => {
  const trace = traceOf([
    ['traceerror', 'trace_kprobe: error: There is already the exact same probe event'],
    ['traceerror', '  Command: p:p_f f'],
    ['traceerror', '             ^'],
    ['traceerror', 'trace_kprobe: error: Failed to register probe event'],
    ['traceerror', '  Command: r:r_g g'],
    ['traceinfo', 'sent=0 others=0 cut=0'],
  ]);
  expect(trace?.errors).toEqual([
    'trace_kprobe: error: Failed to register probe event',
    '  Command: r:r_g g',
  ]);
});

test('nothing lacks if all came', () => {
  const trace = traceOf([
    ['trace', PASS],
    ['traceinfo', 'entries-in-buffer/entries-written: 75/75'],
    ['traceinfo', 'sent=1 others=74 cut=0'],
  ]);
  expect(trace && traceLacks(trace)).toEqual([]);
});
