/** What a row of nights says: how often a cell flaked, and since when it is what it is. Pure. */
import { type Rate, rateOf } from '../base/rate.ts';
import type { CellChange, Night } from './types.ts';

/** Guests were judged: skipped, lost and failed nights say nothing about the cell. */
function isJudged({ outcome }: Night): boolean {
  return outcome === 'expected' || outcome === 'unexpected' || outcome === 'flaky';
}

/** Outcome and verdicts, each verdict once. */
export function resultText({ outcome, verdicts }: Night): string {
  if (verdicts.length < 2) return verdicts.length === 0 ? outcome : `${outcome} ${verdicts[0]}`;
  return `${outcome} ${[...new Set(verdicts)].toSorted().join('/')}`;
}

/** The judged nights, each with what it came to and whether it stands alone. */
function judgedNights(newestFirst: readonly Night[]): { night: Night; text: string; isAlone: boolean }[] {
  const judged = newestFirst.filter(isJudged);
  const texts = judged.map(resultText);
  return judged.map((night, i) => {
    const [before, after] = [judged[i + 1], judged[i - 1]];
    const isAlone =
      before?.kernelSha256 === night.kernelSha256 &&
      after?.kernelSha256 === night.kernelSha256 &&
      texts[i + 1] === texts[i - 1] &&
      texts[i] !== texts[i - 1];
    return { night, text: texts[i] ?? '', isAlone };
  });
}

/**
 * A night is a flake if the boots of its cell differed, or if its result is other than on the judged nights
 * just before and after it, which agree, all three with the same kernel image. A change that stays is none.
 */
export function flakeRate(newestFirst: readonly Night[]): Rate {
  const judged = judgedNights(newestFirst);
  const flakes = judged.filter(({ night, isAlone }) => night.outcome === 'flaky' || isAlone);
  return rateOf(flakes.length, judged.length);
}

/** The first night of what the cell is now, nights that stand alone left out; null if it was never anything else. */
export function lastChange(newestFirst: readonly Night[]): CellChange | null {
  const lasting = judgedNights(newestFirst).filter(({ isAlone }) => !isAlone);
  const [now] = lasting;
  if (now === undefined) return null;
  const at = lasting.findIndex(({ text }) => text !== now.text);
  const [before, first] = [lasting[at]?.night, lasting[at - 1]?.night];
  if (before === undefined || first === undefined) return null;
  const inputs = (
    [
      ['kernel', before.kernelSha256 !== first.kernelSha256],
      ['qemu', before.qemu !== first.qemu],
      ['host', before.hostCpu !== first.hostCpu],
    ] as const
  ).flatMap(([input, differs]) => (differs ? [input] : []));
  return {
    run: first.run,
    at: first.at,
    before: resultText(before),
    after: resultText(first),
    inputs,
  };
}
