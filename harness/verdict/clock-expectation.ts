/** The clock that programs got against what a matrix expects of it. Pure. What was not measured shows nothing: silence never passes. */
import type { ClockExpectation } from '../matrix/types.ts';
import { type ClockFacts, ownCall, worstOrder } from './clock.ts';
import type { Observation } from './types.ts';

type Check = (clock: ClockFacts, wanted: ClockExpectation) => string | null;

/** Why the clock is not as expected, or null. */
export function wrongClock({ clock }: Observation, wanted: ClockExpectation | undefined): string | null {
  if (wanted === undefined) return null;
  if (clock == null) return 'the clock was not measured, so nothing of it can be shown (probe: full)';
  for (const check of [wrongWay, wrongCost, wentBack, wrongRate]) {
    const why = check(clock, wanted);
    if (why !== null) return why;
  }
  return null;
}

const wrongWay: Check = ({ source, calls }, { vdso }) => {
  if (vdso === undefined) return null;
  const own = calls.filter((call) => call.source === source && call.clock !== 'MONOTONIC_RAW');
  const wrong = own.find((call) => call.vdso !== vdso);
  if (own.length > 0 && wrong === undefined) return null;
  if (wrong === undefined || wrong.vdso === null) return `whether ${source} is read in the vDSO was not seen`;
  const how = wrong.vdso ? 'read in the vDSO' : 'a system call';
  return `CLOCK_${wrong.clock} of ${source} is ${how}, ${wrong.ns} ns a call; ${vdso ? 'the vDSO' : 'a system call'} was expected`;
};

const wrongCost: Check = (clock, { ns }) => {
  const { source } = clock;
  if (ns === undefined) return null;
  const call = ownCall(clock);
  if (call === undefined) return `what a call takes with ${source} was not measured`;
  if (ns.max !== undefined && call.ns > ns.max)
    return `a call takes ${call.ns} ns with ${source}; ${ns.max} ns are allowed`;
  return ns.min !== undefined && call.ns < ns.min
    ? `a call takes ${call.ns} ns with ${source}; at least ${ns.min} ns were expected`
    : null;
};

const wentBack: Check = (clock, { warp }) => {
  const { order } = clock;
  if (warp === undefined) return null;
  if (order.length === 0 || order.some(({ pairs }) => pairs === 0))
    return 'the order of readings was not measured, so no warp cannot be shown';
  const worst = worstOrder(clock);
  return worst === undefined
    ? null
    : `the clock went back ${worst.back} times in ${worst.pairs} pairs of CPU ${worst.cpus}, by up to ${worst.worstNs} ns`;
};

const wrongRate: Check = ({ rates, source }, { ratePpm }) => {
  if (ratePpm === undefined) return null;
  const { min, max = Number.POSITIVE_INFINITY } = ratePpm;
  const rate = rates.find((one) => one.source === source);
  if (rate === undefined) return 'the true time is not known, so the rate of the clock cannot be shown';
  const { ppm, withinPpm, overS } = rate;
  const figure = `${source} runs ${ppm} ppm off the true time (within ${withinPpm} ppm, over ${overS} s)`;
  if (withinPpm > max) return `${figure}; ${max} ppm cannot be shown so`;
  if (Math.abs(ppm) - withinPpm > max) return `${figure}; ${max} ppm are allowed`;
  return min !== undefined && Math.abs(ppm) + withinPpm < min
    ? `${figure}; it was expected to be wrong by at least ${min} ppm`
    : null;
};
