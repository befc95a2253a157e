/** The last nights of a cell, as a strip. */

import type { Rate } from '../../base/rate.ts';
import type { CellHistory, Night } from '../../history/types.ts';
import { visible } from './markup.ts';
import type { HistoryPage, NightPage } from './types.ts';

export function historyPage(history: CellHistory): HistoryPage | null {
  if (history.nights.length === 0) return null;
  const { changed } = history;
  return {
    nights: history.nights.map(nightPage).toReversed(),
    flaky: flakyText(history.flaky),
    changed:
      changed === null
        ? null
        : visible(
            `Since ${changed.at.slice(0, 10)} (${changed.run}): ${changed.after}; before: ${changed.before}.` +
              (changed.inputs.length === 0
                ? ''
                : ` Changed that night as well: ${changed.inputs.join(', ')}.`),
          ),
  };
}

function nightPage(night: Night): NightPage {
  const facts = [
    night.lost ? 'lost' : night.verdicts.join(', '),
    night.current.join('/'),
    night.kernelRelease,
    night.qemu === null ? null : `QEMU ${night.qemu}`,
  ].filter((fact) => fact !== null && fact !== '');
  return {
    run: visible(night.run),
    at: night.at,
    outcome: night.outcome,
    text: visible(`${night.at.slice(0, 10)} ${night.outcome}: ${facts.join(', ')}`),
  };
}

function flakyText({ count, of, share, low, high }: Rate): string {
  const percent = (value: number): string => `${(value * 100).toFixed(value > 0 && value < 0.1 ? 1 : 0)} %`;
  const nights = `Flaky on ${count} of ${of} ${of === 1 ? 'night' : 'nights'}`;
  return share === null || low === null || high === null
    ? `${nights}.`
    : `${nights}: ${percent(share)}, 95 % interval ${percent(low)} to ${percent(high)}.`;
}
