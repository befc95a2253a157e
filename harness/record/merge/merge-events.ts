/** Pure. The events of a merged record: its plan, its hosts, and each cell with the boots of all hosts that ran it. */
import { hostFacts } from '../provenance/provenance.ts';
import type { Provenance } from '../provenance/provenance-types.ts';
import type { CellView } from '../run-view.ts';
import {
  type CellFinished,
  type CellPlanned,
  type CellRetried,
  type CellStarted,
  type HostJudgement,
  type MergedPart,
  RECORD_VERSION,
  type Recorded,
  type RunEvent,
} from '../types.ts';
import { commonProvenance, mergeHosts } from './merge-common.ts';
import { ownCells, type Part } from './merge-part.ts';

/** What the parts are called in the merged record. */
export type Labels = ReadonlyMap<Part, string>;

/** A boot of a part, and where it goes in the merged run. */
interface Move {
  readonly part: Part;
  readonly from: CellFinished;
  readonly started: CellStarted | null;
  /** Attempts of this boot that failed. */
  readonly retries: readonly CellRetried[];
  readonly boot: number;
}

export interface MergedCell {
  readonly planned: CellPlanned['cell'];
  readonly moves: readonly Move[];
  readonly hosts: readonly HostJudgement[];
}

/** If several machines were given one label, the shard tells them apart. */
export function labelsOf(parts: readonly Part[]): Labels {
  const shared = (part: Part): boolean =>
    parts.some((other) => other !== part && other.label === part.label && hostKey(other) !== hostKey(part));
  return new Map(
    parts.map((part) => [part, shared(part) ? `${part.label}-${part.shard.index}` : part.label]),
  );
}

function hostKey({ provenance }: Part): string {
  const host = provenance?.host;
  return JSON.stringify([host?.cpu, host?.kernel, host?.hypervisor, host?.memoryMiB, provenance?.qemu]);
}

/** Since the boot was begun for the last time: an interruption may have broken off others before. */
function retriesOf({ log }: Part, cell: string, boot: number): CellRetried[] {
  const own = log.events.filter((event) => 'boot' in event && event.cell === cell && event.boot === boot);
  const begun = own.findLastIndex(({ type }) => type === 'cell-started');
  return own.slice(begun + 1).filter((event) => event.type === 'cell-retried');
}

export function mergeCell(id: string, parts: readonly Part[], labels: Labels): MergedCell {
  const having = parts.flatMap((part) => {
    const view = part.log.view.cells.get(id);
    return view?.judged && ownCells(part).includes(id) ? [{ part, view, judged: view.judged }] : [];
  });
  const first = having[0] as { view: CellView };
  const moves: Move[] = [];
  for (const { part, view } of having) {
    for (const { started, finished } of view.boots) {
      if (finished === null) continue;
      const retries = retriesOf(part, id, finished.boot);
      moves.push({ part, from: finished, started, retries, boot: moves.length + 1 });
    }
  }
  const hosts = having.map(({ part, judged: { outcome, reason, verdicts, known } }) => ({
    label: labels.get(part) as string,
    outcome,
    reason,
    verdicts,
    ...(known === undefined ? {} : { known }),
  }));
  return { planned: first.view.cell, moves, hosts };
}

export function folderOf(cell: string, boot: number): string {
  return `cells/${cell}/boot-${boot}`;
}

/** Of the parts that have one. */
export function provenancesOf(
  parts: readonly Part[],
  labels: Labels,
): { readonly label: string; readonly value: Provenance }[] {
  return parts.flatMap((part) =>
    part.provenance === null ? [] : [{ label: labels.get(part) as string, value: part.provenance }],
  );
}

/** What is known before the first cell: the plan, its kernels, the hosts. */
export function* head(
  run: string,
  parts: readonly Part[],
  labels: Labels,
  cells: readonly MergedCell[],
  provenances: readonly (string | null)[],
): Generator<RunEvent> {
  const [first] = parts as [Part];
  const { matrix, options } = first.started;
  yield {
    type: 'run-started',
    version: RECORD_VERSION,
    run,
    at: parts.map(({ started }) => started.at).sort()[0] ?? first.started.at,
    matrix,
    options: { ...options, timeoutS: Math.max(...parts.map(({ started }) => started.options.timeoutS)) },
  };
  for (const { planned } of cells) yield { type: 'cell-planned', cell: planned };
  const merged = parts.map((part, i): MergedPart => {
    const { started, shard, sharded } = part;
    return {
      label: labels.get(part) as string,
      run: started.run,
      startedAt: started.at,
      shard: sharded ? { index: shard.index, of: shard.of } : null,
      provenance: provenances[i] ?? null,
      logSha256: part.files.get('events.jsonl')?.sha256 ?? '',
    };
  });
  yield { type: 'run-merged', at: new Date().toISOString(), parts: merged };
  yield* kernelEvents(parts);
  yield* hostEvents(parts, labels);
}

function* kernelEvents(parts: readonly Part[]): Generator<RunEvent> {
  for (const name of new Set(parts.flatMap(({ log }) => [...log.view.kernels.keys()]))) {
    const views = parts.flatMap(({ log }) => log.view.kernels.get(name) ?? []);
    const ready = views.find((view) => view.ready !== null)?.ready;
    const failed = views.find((view) => view.failed !== null)?.failed;
    if (ready) yield withoutPlace(ready);
    if (failed) yield withoutPlace(failed);
  }
}

function* hostEvents(parts: readonly Part[], labels: Labels): Generator<RunEvent> {
  const emitted = new Set<string>();
  for (const part of parts) {
    const label = labels.get(part) as string;
    if (part.log.view.host === null || emitted.has(label)) continue;
    emitted.add(label);
    yield { ...withoutPlace(part.log.view.host), label };
  }
  const known = provenancesOf(parts, labels);
  if (known.length > 0) yield hostFacts(commonProvenance(known));
}

/** An event without its number in the log that it comes from. */
function withoutPlace<E extends RunEvent>(event: E): E {
  const { seq: _, ...rest } = event as Recorded<E>;
  return rest as unknown as E;
}

export function* cellEvents({ planned, moves, hosts }: MergedCell, labels: Labels): Generator<RunEvent> {
  const cell = planned.id;
  for (const { part, from, started, retries, boot } of moves) {
    const host = labels.get(part) as string;
    if (started !== null) yield { ...withoutPlace(started), boot, host };
    for (const retry of retries) yield { ...withoutPlace(retry), boot, host };
    yield { ...withoutPlace(from), boot, folder: folderOf(cell, boot), host };
  }
  yield { type: 'cell-judged', cell, ...mergeHosts(hosts) };
}
