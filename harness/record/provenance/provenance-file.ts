/** Reads the provenance beside a log. */
import { readJsonInside } from '../../host/inside.ts';
import { type Provenance, parseProvenance } from './provenance-types.ts';

export const PROVENANCE_FILE = 'provenance.json';
/** Some kB for each kernel. */
export const PROVENANCE_BYTES_MAX = 8 * 1024 * 1024;

/** Of the record in `dir`. Rejects if there is no such file, if it may not be read and if it is none. */
export async function readProvenance(dir: string, name = PROVENANCE_FILE): Promise<Provenance> {
  return parseProvenance(await readJsonInside(dir, name, PROVENANCE_BYTES_MAX));
}
