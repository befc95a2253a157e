/** What a trace says of the refinement: markers that somebody printed, or the kernel's own trace. tsc.c tsc_refine_calibration_work(). */
import type { Context } from './context.ts';
import { type Claim, cite, claim } from './deduction.ts';

const CITED = 12;

/** A refinement that started over without end; null if no trace shows one. */
export function tracedRestarts(c: Context): Claim | null {
  return markedRestarts(c) ?? ftracedRestarts(c);
}

function markedRestarts({ facts: { trace } }: Context): Claim | null {
  if (trace === null || trace.restarts === 0 || trace.pastStart) return null;
  const work = trace.marks.filter((m) => m.func === 'tsc_refine_calibration_work');
  return claim(
    trace.restarts >= 2 ? 'certain' : 'likely',
    `the trace (${trace.path.join(' ')}) shows the refinement work starting over ${trace.restarts + 1} times without ever taking a second sample`,
    work.map((m) => cite(m, `marker ${m.marker}: on the way to the first sample, and no further`)),
  );
}

/**
 * Two passes end a refinement: a start sample, a stop sample. What returns ULLONG_MAX is a sample that was rejected; without the
 * returns, a third pass shows that one was, for nothing else schedules the work again.
 */
function ftracedRestarts(c: Context): Claim | null {
  const { ftrace, refined, registered } = c.facts;
  const ended = c.listed === true || refined.length > 0 || registered.some(({ name }) => name === 'tsc');
  if (ftrace === undefined || ended) return null;
  const { passes, samples } = ftrace;
  const rejected = samples.filter((sample) => sample.rejected);
  if (rejected.length >= 2 && samples.at(-1)?.rejected === true)
    return claim(
      'certain',
      `the kernel's trace shows the refinement work in ${passes.length} passes, and ${rejected.length} of its ${samples.length} samples rejected (tsc_read_refs returned ULLONG_MAX)`,
      rejected.slice(0, CITED).map((one) => cite(one, 'this sample was rejected')),
    );
  if (samples.length > 0 || passes.length < 3) return null;
  return claim(
    'certain',
    `the kernel's trace shows the refinement work in ${passes.length} passes, where two would end it: a sample is rejected and the work schedules itself again`,
    passes.slice(0, CITED).map((one, i) => cite(one, `pass ${i + 1} of the refinement work`)),
  );
}

/** What the kernel's trace shows, for people; null without one. */
export function tracedText({ facts: { ftrace } }: Context): string | null {
  if (ftrace === undefined) return null;
  const { passes, samples } = ftrace;
  const bad = samples.filter(({ rejected }) => rejected).length;
  const took =
    samples.length === 0
      ? ''
      : `; of ${samples.length} samples ${samples.length - bad} were taken and ${bad} rejected`;
  return `In the trace: ${passes.length} ${passes.length === 1 ? 'pass' : 'passes'} of tsc_refine_calibration_work${took}.`;
}
