/** One cell of a run as a page shows it. */
import { dirname, resolve } from 'node:path';
import { shellWord } from '../../base/shell.ts';
import { SETTING_NAMES, SETTINGS, settingText } from '../../matrix/settings.ts';
import { clockParts, knownText } from '../../plan/expectations.ts';
import type { Cell } from '../../plan/types.ts';
import type { RunRecord } from '../../record/reader.ts';
import { type CellView, resultOf } from '../../record/run-view.ts';
import { labelOf } from '../grid.ts';
import { shortRelease } from '../words.ts';
import { bootPage } from './boot-page.ts';
import type { MeasuredCosts } from './evidence-file.ts';
import { visible } from './markup.ts';
import type { CellPage, HistoryPage, Pair } from './types.ts';

export interface MadeCell {
  readonly page: CellPage;
  /** Of the first boot that measured any. */
  readonly costs: MeasuredCosts | null;
}

export async function cellPage(
  record: RunRecord,
  view: CellView,
  extent: 'whole' | 'excerpt',
  history: HistoryPage | null,
): Promise<MadeCell> {
  const { outcome, reason } = resultOf(view);
  const known = view.judged?.known;
  const ready = record.view.kernels.get(view.cell.kernel)?.ready ?? null;
  const boots = [];
  for (const boot of view.boots) boots.push(await bootPage(record.dir, boot, extent));
  const page: CellPage = {
    id: visible(view.cell.id),
    run: visible(record.run),
    kernel: visible(view.cell.kernel),
    release: ready === null ? 'unavailable' : shortRelease(ready),
    row: labelOf(view.cell),
    outcome,
    reason: visible(known === undefined ? reason : `${reason}; ${knownText(known)}`),
    verdicts: verdictsOf(view),
    expectation: expectationOf(view.cell),
    guest: guestOf(view.cell),
    rerun: visible(rerunOf(record, view.cell.id)),
    boots: boots.map(({ page }) => page),
    hosts: (view.judged?.hosts ?? []).map(
      ({ label, outcome, reason }) => [visible(label), visible(`${outcome}: ${reason}`)] as const,
    ),
    history,
  };
  return { page, costs: boots.find(({ costs }) => costs !== null)?.costs ?? null };
}

/** Runs that do not lie in ./results have to be told where they are. */
function rerunOf({ dir, run }: RunRecord, id: string): string {
  const results = dirname(dir);
  const where = results === resolve('results') ? '' : ` --results ${shellWord(results)}`;
  return `tscmatrix rerun ${shellWord(run)} ${shellWord(id)}${where}`;
}

/** What each boot showed, each verdict once. */
export function verdictsOf(view: CellView): string[] {
  const all = view.boots.flatMap(({ finished }) => (finished === null ? [] : [finished.observation.verdict]));
  return [...new Set(all)];
}

function expectationOf({ expectation }: Cell): Pair[] {
  const { registration, current, accuracyPpm, offByPpm, reads, clock, messages, from, known } = expectation;
  const bounds = [
    reads?.min === undefined ? '' : `at least ${reads.min}`,
    reads?.max === undefined ? '' : `at most ${reads.max}`,
  ];
  const pairs: (readonly [string, string | undefined])[] = [
    ['Registration', registration.join(' or ')],
    ['Current clocksource', current?.join(' or ')],
    ['Accuracy', accuracyPpm === undefined ? undefined : `within ${accuracyPpm} ppm`],
    ['Frequency', offByPpm === undefined ? undefined : `wrong by at least ${offByPpm} ppm`],
    ['Reads', bounds.filter((bound) => bound !== '').join(', ') || undefined],
    ['Clock', clockParts(clock).join(', ') || undefined],
    ['The log has', messages?.must.join(' and ') || undefined],
    ['The log lacks', messages?.mustNot.join(' and ') || undefined],
    ['Said by', from.join(' and ')],
    ['Known issue', known?.reason],
    ['Tracked at', known?.url],
    ['Until', known?.until],
  ];
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, visible(value)] as const]));
}

/** A record of an older version lacks settings that came later. */
function guestOf({ guest }: Cell): Pair[] {
  return SETTING_NAMES.flatMap((name) => {
    const value = guest[SETTINGS[name].field];
    return value === undefined || value === '' ? [] : [[name, visible(settingText(value as never))] as const];
  });
}
