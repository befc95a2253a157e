/** Faults of the machines below the guests, counted over a run: what was tried again, and what no result came of. */
import type { HostFaultCode } from '../guest/ending/ending.ts';
import { type CellView, type RunView, resultOf } from '../record/run-view.ts';

/** Faults of which it is known that something stood still; another one ended by itself. */
const STALLS: readonly HostFaultCode[] = ['guest-stalled', 'appliance-hung', 'guest-frozen'];

/** "stalls retried: 2, crashes retried: 1; infra-error: guest-stalled 1", or empty if nothing was amiss. */
export function troublesText({ cells }: Pick<RunView, 'cells'>): string {
  const all = [...cells.values()];
  return [retriesText(all), faultsText(all)].filter((text) => text !== '').join('; ');
}

function retriesText(cells: readonly CellView[]): string {
  const retried = cells.flatMap(({ boots }) => boots.flatMap((boot) => boot.retried));
  const stalls = retried.filter(
    ({ ending }) => ending.kind === 'host-fault' && STALLS.includes(ending.code),
  ).length;
  const crashes = retried.length - stalls;
  return [
    ...(stalls > 0 ? [`stalls retried: ${stalls}`] : []),
    ...(crashes > 0 ? [`crashes retried: ${crashes}`] : []),
  ].join(', ');
}

/** The codes of harness/guest/ending/ending.ts, of each cell that ended in one. */
function faultsText(cells: readonly CellView[]): string {
  const counts = new Map<HostFaultCode, number>();
  for (const cell of cells) {
    if (resultOf(cell).outcome !== 'infra-error') continue;
    const ending = cell.boots.findLast(({ finished }) => finished !== null)?.finished?.ending;
    if (ending?.kind === 'host-fault') counts.set(ending.code, (counts.get(ending.code) ?? 0) + 1);
  }
  const parts = [...counts].map(([code, count]) => `${code} ${count}`);
  return parts.length === 0 ? '' : `infra-error: ${parts.join(', ')}`;
}
