/** A run as KCIDB reports it to kernelci.org: one JSON document, docs/kcidb.md. */
import { UserError } from '../../base/errors.ts';
import { neutralise } from '../../base/neutralise.ts';
import { json } from '../../base/safe-text.ts';
import { readProvenance } from '../../record/provenance/provenance-file.ts';
import type { Provenance } from '../../record/provenance/provenance-types.ts';
import type { RunView } from '../../record/run-view.ts';
import { kernelObjects } from './kcidb-kernels.ts';
import { testOf } from './kcidb-tests.ts';
import { KCIDB_VERSION, type KcidbDocument, type KcidbOptions } from './kcidb-types.ts';

/** Environment variables, since who submits and where files are published is a matter of the place, not of a run. */
const ORIGIN_VARIABLE = 'TSCMATRIX_KCIDB_ORIGIN';
const FILES_VARIABLE = 'TSCMATRIX_FILES_URL';

/** Throws UserError if a variable holds what KCIDB would not take. */
export function kcidbOptions(env: Readonly<Record<string, string | undefined>>): KcidbOptions {
  const origin = env[ORIGIN_VARIABLE] || 'tscmatrix';
  if (!/^[a-z0-9_]+$/.test(origin)) {
    throw new UserError(
      `${ORIGIN_VARIABLE}=${neutralise(origin)} is no KCIDB origin`,
      'an origin has small letters, digits and _ only',
    );
  }
  const files = env[FILES_VARIABLE] || null;
  if (files !== null && !(URL.canParse(files) && /^https?:$/.test(new URL(files).protocol))) {
    throw new UserError(
      `${FILES_VARIABLE}=${neutralise(files)} is no address`,
      'give the address of the folder of the run, as in https://example.org/runs/1',
    );
  }
  return { origin, filesUrl: files === null ? null : new URL(files).href.replace(/\/+$/, '') };
}

/** `dir` is the run's folder: its provenance and consoles; null if only the events are at hand. */
export async function renderKcidb(view: RunView, dir: string | null, options: KcidbOptions): Promise<string> {
  const { checkouts, builds, buildIds } = kernelObjects(view, await notedKernels(view, dir), options);
  const tests = [];
  // One after the other: each reads a console.
  for (const cell of view.cells.values()) {
    tests.push(await testOf(cell, view, buildIds.get(cell.cell.kernel) ?? '', dir, options));
  }
  const document: KcidbDocument = { version: KCIDB_VERSION, checkouts, builds, tests };
  return `${json(safe(document))}\n`;
}

/** What the run's provenance, or that of each part of a merged run, says of the kernels. */
async function notedKernels(view: RunView, dir: string | null): Promise<Provenance['kernels']> {
  if (dir === null) return [];
  const parts = view.merged?.parts.flatMap((part) => part.provenance ?? []) ?? [];
  const read = await Promise.all(['provenance.json', ...parts].map((file) => provenanceOf(dir, file)));
  return read.flatMap((provenance) => provenance?.kernels ?? []);
}

/** A record without provenance, or with one that cannot be read, is reported with what the events say. */
async function provenanceOf(dir: string, file: string): Promise<Provenance | null> {
  try {
    return await readProvenance(dir, file);
  } catch {
    return null;
  }
}

/** Every text without control characters, since KCIDB takes no NUL and people read it in terminals; and nothing null. */
function safe(value: unknown): unknown {
  if (typeof value === 'string')
    return value
      .toWellFormed()
      .split('\n')
      .map((line) => neutralise(line))
      .join('\n');
  if (Array.isArray(value)) return value.filter((one) => one !== null).map(safe);
  if (typeof value !== 'object' || value === null) return value;
  const known = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  return Object.fromEntries(known.map(([key, one]) => [neutralise(key), safe(one)]));
}
