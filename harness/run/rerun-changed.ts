/** A recorded cell with a part of it changed, beside what the record has. */
import { UserError } from '../base/errors.ts';
import { stripLogPrefix } from '../evidence/log-lines.ts';
import { gatherFrom } from '../guest/gather.ts';
import { readBootFile } from '../lab/files.ts';
import { kernelEntry } from '../matrix/kernel-argument.ts';
import { canonicalSettings, SETTING_NAMES, settingOf, textOf } from '../matrix/settings.ts';
import type { GuestSpec, KernelEntry } from '../matrix/types.ts';
import { impossibleGuest } from '../plan/impossible.ts';
import type { RunRecord } from '../record/reader.ts';
import { compareLogs, type LogComparison, type LogSide } from '../verdict/compare-logs.ts';
import { observe } from '../verdict/observe.ts';
import type { Observation } from '../verdict/types.ts';
import { bootGuest } from './one-boot.ts';
import { kernelOf } from './relaunch.ts';
import { findCell, finishedBoots } from './stored.ts';

export interface Change {
  /** In place of the recorded kernel, as `boot` takes one. */
  readonly kernel?: string;
  /** Words behind those that the cell has on the kernel's command line. */
  readonly append?: string;
  readonly trace?: string;
}

export interface ChangedOptions {
  readonly qemu: string;
  readonly timeoutS: number;
  readonly onProgress: (text: string) => void;
}

/** One thing that was observed, then and now. */
export interface Row {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly differs: boolean;
}

export interface ChangedRerun {
  readonly cell: string;
  /** "append: none -> tsc=unstable". */
  readonly changes: readonly string[];
  readonly sameVerdict: boolean;
  readonly rows: readonly Row[];
  /** Lines of the log that only one of them has. */
  readonly log: Pick<LogComparison, 'matters' | 'others' | 'rest'>;
  readonly observation: Observation;
}

export function isChange({ kernel, append, trace }: Change): boolean {
  return kernel !== undefined || append !== undefined || trace !== undefined;
}

/** The guest with what is to be changed. Throws UserError for what no guest can have. */
export function changedGuest(guest: GuestSpec, { append, trace }: Change): GuestSpec {
  const raw = {
    ...(append === undefined ? {} : { append: `${guest.append} ${append}`.trim() }),
    ...(trace === undefined ? {} : { trace }),
  };
  for (const [name, value] of Object.entries(raw)) {
    const issue = settingOf(name as 'append').schema.safeParse(value).error?.issues[0];
    if (issue !== undefined) throw new UserError(`--${name} ${value}: ${issue.message}`);
  }
  const changed = { ...guest, ...canonicalSettings(raw) };
  const impossible = impossibleGuest(changed);
  if (impossible !== undefined)
    throw new UserError(`that guest is impossible: ${impossible.why}`, impossible.instead);
  return changed;
}

/** Boots the first recorded boot's guest with the change; nothing is written to the record. */
export async function rerunChanged(
  record: RunRecord,
  cellId: string,
  change: Change,
  options: ChangedOptions,
): Promise<ChangedRerun> {
  const view = findCell(record, cellId);
  const stored = finishedBoots(record, view)[0];
  if (stored === undefined)
    throw new UserError(`the cell ${cellId} was never booted in ${record.run}`, 'run the matrix again');
  const { launch, ending, machine, trueFrequency } = await readBootFile(stored.folder, stored.root);
  const { evidence } = await gatherFrom(stored.folder, launch, { root: stored.root });
  const then = observe({ launch, ending, evidence, machine, trueKhz: trueFrequency });
  // What `auto` came to then.
  const guest = { ...view.cell.guest, topology: launch.accelerator };
  const wanted = changedGuest(guest, change);
  const entry = await entryOf(record, view.cell.kernel, change);
  const { seen } = await bootGuest(entry, wanted, { ...options, keep: undefined });
  const now = seen.observation;
  const log = compareLogs(sideOf(then, evidence), sideOf(now, seen.evidence));
  return {
    cell: cellId,
    changes: [
      ...(change.kernel === undefined ? [] : [`kernel: ${view.cell.kernel} -> ${change.kernel}`]),
      ...(view.cell.tests === undefined ? [] : ['tests: not run; rerun without a change runs them']),
      ...SETTING_NAMES.filter((name) => textOf(guest, name) !== textOf(wanted, name)).map(
        (name) => `${name}: ${textOf(guest, name) || 'none'} -> ${textOf(wanted, name) || 'none'}`,
      ),
    ],
    sameVerdict: then.verdict === now.verdict,
    rows: rowsOf(then, now),
    log: { matters: log.matters, others: log.others, rest: log.rest },
    observation: now,
  };
}

/** The recorded kernel is known by its digest; its path is only where it may lie. */
async function entryOf(record: RunRecord, name: string, { kernel }: Change): Promise<KernelEntry> {
  if (kernel !== undefined) return kernelEntry(kernel);
  return { name, source: { kind: 'image', path: await kernelOf(record, name) } };
}

function sideOf({ available, current }: Observation, { facts, log, exits }: EvidenceOf): LogSide {
  return {
    facts,
    lines: log.map(stripLogPrefix),
    exits,
    ...(available === null ? {} : { available }),
    ...(current === null ? {} : { current }),
  };
}
type EvidenceOf = Awaited<ReturnType<typeof gatherFrom>>['evidence'];

/** Pure. Figures that the clock decides are compared as they are shown. */
export function rowsOf(then: Observation, now: Observation): Row[] {
  const row = (name: string, of: (seen: Observation) => string | number | null | undefined): Row => {
    const [a, b] = [then, now].map((seen) => String(of(seen) ?? 'not known')) as [string, string];
    return { name, before: a, after: b, differs: a !== b };
  };
  return [
    row('verdict', ({ verdict }) => verdict),
    row('cause', ({ diagnosis }) => diagnosis && `${diagnosis.cause}, ${diagnosis.confidence}`),
    row('current', ({ current }) => current),
    row('available', ({ available }) => available?.join(' ')),
    row('frequency, kHz', ({ kernelKhz }) => kernelKhz),
    row('error, ppm', ({ ppm }) => ppm),
    row('PM timer reads', ({ readCounts }) => readCounts?.pm),
    row('HPET reads', ({ readCounts }) => readCounts?.hpet),
    row('reason', ({ reason }) => reason),
  ];
}
