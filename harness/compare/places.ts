/** Where a cell ran: a plain run has one place, in a merged one each part has its own host and provenance. */
import { readProvenance } from '../record/provenance/provenance-file.ts';
import type { Provenance } from '../record/provenance/provenance-types.ts';
import { type RunRecord, readRecord } from '../record/reader.ts';
import type { CellView } from '../record/run-view.ts';
import type { HostNoted } from '../record/types.ts';

/** A record with the provenance of its parts, by the label of their host, if it was merged of such. */
export interface ComparedRun extends RunRecord {
  readonly parts?: ReadonlyMap<string, readonly Provenance[]>;
}

export interface Place {
  readonly provenance: Provenance | null;
  readonly noted: HostNoted | null;
}

/** Reads a record and what its parts rest on. Throws as readRecord(). A part's damaged file counts as not known. */
export async function readCompared(dir: string): Promise<ComparedRun> {
  const record = await readRecord(dir);
  if (record.view.merged === null) return record;
  const parts = new Map<string, Provenance[]>();
  for (const { label, provenance } of record.view.merged.parts) {
    const read = provenance === null ? null : await readPart(record.dir, provenance);
    if (read !== null) parts.set(label, [...(parts.get(label) ?? []), read]);
  }
  return { ...record, parts };
}

async function readPart(dir: string, name: string): Promise<Provenance | null> {
  try {
    return await readProvenance(dir, name);
  } catch {
    return null;
  }
}

/** The places of one cell, or of the whole run. Never empty. */
export function placesOf(run: ComparedRun, view?: CellView): readonly Place[] {
  const labels =
    view === undefined
      ? [...run.view.hosts.keys()]
      : view.boots.flatMap(({ started, finished }) => (finished ?? started)?.host ?? []);
  const places = [...new Set(labels)].flatMap((label) => placesWith(run, label));
  return places.length > 0 ? places : [{ provenance: run.provenance, noted: run.view.host }];
}

function placesWith(run: ComparedRun, label: string): Place[] {
  const noted = run.view.hosts.get(label) ?? null;
  const provenances = run.parts?.get(label) ?? [null];
  return provenances.map((provenance) => ({ provenance, noted }));
}
