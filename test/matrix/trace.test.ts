// The language of `trace`, and its two forms for the kernel.
import { expect, test } from 'vitest';
import {
  readTrace,
  traceBootconfig,
  traceOf,
  traceRequest,
  traceSchema,
  traceWords,
} from '../../harness/matrix/trace.ts';

const MAP = {
  preset: 'refinement',
  events: ['timer:timer_start if function != 0'],
  functions: ['acpi_pm_*'],
  kprobes: ['acpi_pm_read_verified+4 a=%di'],
  kretprobes: ['acpi_pm_read_verified ret=$retval'],
  dyndbg: 'file tsc.c +p',
};
const TEXT =
  'refinement;event=timer:timer_start if function != 0;function=acpi_pm_*;kprobe=acpi_pm_read_verified+4 a=%di;kretprobe=acpi_pm_read_verified ret=$retval;dyndbg=file tsc.c +p';

test('a map and its text are the same trace', () => {
  expect(traceSchema.safeParse(MAP).error).toBeUndefined();
  expect(traceSchema.safeParse(TEXT).error).toBeUndefined();
  expect(traceOf(MAP)).toBe(TEXT);
  expect(traceOf(` ${TEXT.replaceAll(';', ' ; ')} `)).toBe(TEXT);
});

test('older kernels are told on the command line', () => {
  expect(traceWords('')).toEqual([]);
  expect(traceWords(TEXT)).toEqual([
    'bootconfig',
    'trace_event=workqueue:workqueue_execute_start,timer:timer_start',
    'ftrace=function',
    'ftrace_filter=acpi_pm_*',
    'kprobe_event=p:p_tsc_refine_calibration_work,tsc_refine_calibration_work;r:r_tsc_read_refs,tsc_read_refs,ret=$retval:x64;p:p_acpi_pm_read_verified_4,acpi_pm_read_verified+4,a=%di;r:r_acpi_pm_read_verified,acpi_pm_read_verified,ret=$retval',
    'dyndbg="file tsc.c +p"',
  ]);
});

test('the bootconfig has filters and return probes as Documentation/trace/boottime-trace.rst writes them', () => {
  expect(traceBootconfig(TEXT).split('\n')).toEqual([
    'ftrace.event.workqueue.workqueue_execute_start.enable',
    'ftrace.event.timer.timer_start.enable',
    'ftrace.event.timer.timer_start.filter = "function != 0"',
    'ftrace.event.kprobes.p_tsc_refine_calibration_work.probes = "tsc_refine_calibration_work"',
    'ftrace.event.kprobes.p_tsc_refine_calibration_work.enable',
    'ftrace.event.kprobes.r_tsc_read_refs.probes = "tsc_read_refs%return ret=$retval:x64"',
    'ftrace.event.kprobes.r_tsc_read_refs.enable',
    'ftrace.event.kprobes.p_acpi_pm_read_verified_4.probes = "acpi_pm_read_verified+4 a=%di"',
    'ftrace.event.kprobes.p_acpi_pm_read_verified_4.enable',
    'ftrace.event.kprobes.r_acpi_pm_read_verified.probes = "acpi_pm_read_verified%return ret=$retval"',
    'ftrace.event.kprobes.r_acpi_pm_read_verified.enable',
    'ftrace.tracer = function',
    'ftrace.ftrace.filters = "acpi_pm_*"',
    '',
  ]);
});

test("the preset keeps its own lines; a user's items beside it keep all", () => {
  expect(traceRequest('refinement')).toBe(
    'keep tsc_refine_calibration_work\nkeep tsc_read_refs\nprobe tsc_refine_calibration_work\nprobe tsc_read_refs\n',
  );
  expect(readTrace('refinement;kprobe=f').keep).toEqual([]);
  expect(readTrace('refinement;dyndbg=file tsc.c +p').keep).toHaveLength(2);
  expect(readTrace('event=a:b;keep=one').keep).toEqual(['one']);
});

test('two probes of one function have two names', () => {
  expect(readTrace('kprobe=f;kprobe=f a=%di').probes.map(({ name }) => name)).toEqual(['p_f', 'p_f_1']);
});

test.each([
  ['refinment', /no preset/],
  ['', /no preset/],
  ['event=workqueue', /GROUP:EVENT/],
  ['kprobe=f a=%di,%si', /comma/],
  ['kprobe=1f', /FUNCTION/],
  ['dyndbg=file "tsc.c" +p', /double quotes/],
  ['kprobe=f\nx', /printable/],
  [{ events: ['a:b;kprobe=f'] }, /semicolon/],
  [{ event: ['a:b'] }, /known keys/],
])('%j is refused', (raw, message) => {
  expect(JSON.stringify(traceSchema.safeParse(raw).error?.issues)).toMatch(message);
});
