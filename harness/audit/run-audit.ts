/** An audit as a job: kernels fetched or built, the guests of the museum booted, and each commit judged by what was seen. */
import { join } from 'node:path';
import { HostFault, UserError } from '../base/errors.ts';
import { openCache } from '../host/cache.ts';
import { stopIfInterrupted } from '../host/interruption.ts';
import type { ProgressLine } from '../host/progress-line.ts';
import { acquireKernel, BuildError } from '../kernel/acquire.ts';
import { loadMuseum, type MuseumPiece } from '../lab/museum.ts';
import { kernelEntry } from '../matrix/kernel-argument.ts';
import type { KernelEntry } from '../matrix/types.ts';
import { type RunRecord, readRecord } from '../record/reader.ts';
import { type CellView, resultOf } from '../record/run-view.ts';
import { guestProgress } from '../report/guest-progress.ts';
import { judgedBoots } from '../run/rejudge.ts';
import { type RunOptions, runPlan } from '../run/run.ts';
import { choose, inGuests, namedPiece } from './choose.ts';
import { judgeFix, type Seen } from './judge.ts';
import { auditPlan, cellIdFor } from './plan.ts';
import { AUDIT_VERSION, type Audit, type AuditedFix, type AuditedKernel, type FixFinding } from './types.ts';
import { lackText } from './words.ts';

export interface AuditRequest {
  /** As `boot` takes them. */
  readonly kernels: readonly string[];
  /** The folder of the exhibits. */
  readonly museum: string;
  readonly topics: readonly string[];
  /** Only these commits; all if empty. */
  readonly fixes: readonly string[];
  /** Commits that have to be present. */
  readonly required: readonly string[];
  readonly run: RunOptions;
}

interface Subject {
  readonly entry: KernelEntry;
  readonly release: string | null;
  readonly fault: string | null;
  /** The host, and not the kernel, is why there is none. */
  readonly isHostFault: boolean;
}

/** Throws UserError for a word that names no kernel or no commit, HostFault if this host cannot run guests; 130 after a signal. */
export async function runAudit(request: AuditRequest, line: ProgressLine): Promise<Audit> {
  const museum = await loadMuseum(request.museum);
  const required = request.required.map((word) => namedPiece(museum, word, '--require'));
  const chosen = inGuests(choose(museum, request.topics, request.fixes), request.run.filters);
  const left = required.find(({ name }) => !chosen.some((piece) => piece.name === name));
  if (left !== undefined)
    throw new UserError(
      `--require ${left.exhibit.commit}: --topic, --fix or --filter leaves it out`,
      'require only what is looked at',
    );
  if (chosen.length === 0)
    throw new UserError(
      `--filter ${request.run.filters.join(' --filter ')}: no fix shows in these guests alone`,
      'a fix needs the guest in which kernels with and without it differ',
    );
  const subjects = await fetchAll(request.kernels, line).finally(line.clear);
  const plan = auditPlan(
    chosen,
    subjects.filter(({ fault }) => fault === null),
  );
  let record: RunRecord | null = null;
  // By cell: several exhibits may be about one, and its consoles are read once.
  const seen = new Map<string, Seen>();
  if (plan.cells.length > 0) {
    const result = await runPlan(plan, request.run, [guestProgress(line)]).finally(line.clear);
    stopIfInterrupted('the audit');
    record = await readRecord(join(request.run.resultsDir, result.run));
    for (const view of record.view.cells.values()) seen.set(view.cell.id, await seenOf(record, view));
  }
  const fixes = chosen.map(
    (piece): AuditedFix => ({
      name: piece.name,
      exhibit: piece.exhibit,
      kernels: Object.fromEntries(
        subjects.map((subject) => [subject.entry.name, judge(piece, subject, seen)]),
      ),
    }),
  );
  const lacks = required.flatMap(({ name, exhibit: { commit } }) =>
    Object.entries(fixes.find((fix) => fix.name === name)?.kernels ?? {})
      .filter(([, { state }]) => state !== 'present')
      .map(([kernel, { state }]) => lackText(commit, kernel, state)),
  );
  const kernels = subjects.map(
    ({ entry: { name }, release, fault }): AuditedKernel => ({ name, release, fault }),
  );
  return { version: AUDIT_VERSION, run: record?.run ?? '', kernels, fixes, lacks };
}

/** A kernel that does not build or cannot be fetched is told; the others are audited. */
async function fetchAll(words: readonly string[], line: ProgressLine): Promise<Subject[]> {
  const cache = await openCache();
  const subjects: Subject[] = [];
  for (const word of words) {
    stopIfInterrupted('the audit');
    const { name, source } = await kernelEntry(word);
    const entry = {
      name: distinct(
        name,
        subjects.map((one) => one.entry.name),
      ),
      source,
    };
    const onProgress = (text: string): void => line.show(`kernel ${entry.name}: ${text}`);
    subjects.push(
      await acquireKernel(entry, { cache, onProgress }).then(
        ({ release }): Subject => ({ entry, release, fault: null, isHostFault: false }),
        (error: unknown): Subject => {
          if (!(error instanceof HostFault || error instanceof BuildError)) throw error;
          const isHostFault = error instanceof HostFault;
          return { entry, release: null, fault: error.message.split('\n')[0] ?? '', isHostFault };
        },
      ),
    );
  }
  return subjects;
}

/** A name that ids of cells can hold: of a file's name what is left of it, and name-2 for the second of one name. */
export function distinct(name: string, before: readonly string[]): string {
  const safe = name
    .replace(/[^\w.+@-]/g, '_')
    .replace(/\.{2,}/g, '_')
    .slice(0, 60);
  let own = safe;
  for (let nth = 2; before.includes(own); nth++) own = `${safe}-${nth}`;
  return own;
}

function judge(
  piece: MuseumPiece,
  { entry: { name }, release, fault, isHostFault }: Subject,
  cells: ReadonlyMap<string, Seen>,
): FixFinding {
  if (fault !== null)
    return { state: 'cannot-tell', why: `there is no kernel: ${fault}`, guests: [], isHostFault };
  const seen = new Map<string, Seen>();
  for (const guest of piece.guests) {
    const one = cells.get(cellIdFor(name, guest.cell));
    if (one !== undefined) seen.set(guest.name, one);
  }
  return judgeFix(piece, release, seen);
}

async function seenOf(record: RunRecord, view: CellView): Promise<Seen> {
  const { id: cell } = view.cell;
  const boots = await judgedBoots(record, view);
  const { outcome, reason } = resultOf(view);
  return boots.length === 0 || outcome === 'skipped'
    ? { kind: 'none', cell, why: reason, isHostFault: true }
    : { kind: 'booted', cell, boots };
}
