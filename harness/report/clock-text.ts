/** The clock that a guest's programs got, for people. */
import { ppmText } from '../base/figures.ts';
import { oneLine } from '../base/safe-text.ts';
import { isOffRate, ownCall, worstOrder } from '../verdict/clock.ts';
import type { Observation } from '../verdict/types.ts';

type Clock = NonNullable<Observation['clock']>;

const signed = (ns: number): string => `${ns > 0 ? '+' : ''}${ns} ns`;

/** What tells in a table's cell: "25 ns/call", "4310 ns/call by syscall, tsc runs +70000 ppm, back 300 ns"; the dearest of several boots. */
export function clockFigures(clocks: readonly (Clock | null | undefined)[]): string {
  const all = clocks.flatMap((clock) => clock ?? []);
  const calls = all.flatMap((clock) => ownCall(clock) ?? []).toSorted((a, b) => b.ns - a.ns);
  const off = all
    .flatMap(({ rates }) => rates)
    .filter(isOffRate)
    .toSorted((a, b) => Math.abs(b.ppm) - Math.abs(a.ppm))[0];
  const backs = all.flatMap((clock) => worstOrder(clock)?.worstNs ?? []);
  const [call] = calls;
  return [
    call === undefined ? '' : `${Math.round(call.ns)} ns/call${call.vdso === false ? ' by syscall' : ''}`,
    off === undefined ? '' : `${oneLine(off.source)} runs ${ppmText(off.ppm)}`,
    backs.length === 0 ? '' : `back ${Math.max(...backs)} ns`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** All of it, a line for each thing, with its name. */
export function clockLines(clock: Clock): (readonly [string, string])[] {
  const { calls, order, rates, resolutionNs, changes } = clock;
  const way = ({ vdso }: Clock['calls'][number]): string =>
    vdso === null ? '' : vdso ? ' (vDSO)' : ' (syscall)';
  const sources = [...new Set(calls.map((call) => call.source))];
  return [
    ...sources.map((name) => {
      const own = calls.filter((call) => call.source === name);
      const text = own.map((call) => `${call.clock} ${call.ns} ns${way(call)}`).join(', ');
      return [`call with ${oneLine(name)}`, text] as const;
    }),
    ...order.map(({ cpus, pairs, back, worstNs, stepNs }) => {
      const seen =
        back === 0
          ? `never back in ${pairs} pairs`
          : `BACK ${back} times in ${pairs} pairs, by up to ${worstNs} ns`;
      return [
        `order, CPU ${oneLine(cpus)}`,
        `${seen}${stepNs === null ? '' : `, ${stepNs} ns apart at the least`}`,
      ] as const;
    }),
    ...(resolutionNs === null ? [] : [['resolution', `${resolutionNs} ns`] as const]),
    ...(rates.length === 0 ? [['rate', 'not known: nor is the true time'] as const] : []),
    ...rates.map((rate) => {
      const off = ppmText(rate.ppm, rate.withinPpm);
      return [`rate of ${oneLine(rate.source)}`, `${off} from the true time, over ${rate.overS} s`] as const;
    }),
    ...changes.map(({ from, to, by, jumpNs, withinNs }) => {
      const name = `${oneLine(from)} to ${oneLine(to)}`;
      const what = jumpNs === null ? 'refused' : `jump ${signed(jumpNs)}, within ${withinNs} ns`;
      return [name, `${what}${by === 'hand' ? ', by hand' : ''}`] as const;
    }),
  ];
}
