/** What the files of one boot say, whatever its topology: at once after the boot, or again from a record. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApplianceEvidence, gatherAppliance } from '../evidence/appliance.ts';
import { type Evidence, gatherEvidence } from '../evidence/evidence.ts';
import { type DecodedExits, decodeExits } from '../evidence/exits.ts';
import { APPLIANCE_FILE, CONSOLE_FILE } from './boot-files.ts';
import { EXITS_FILE } from './launch/ref-delay.ts';
import type { Launch } from './types.ts';

export interface Gathered {
  readonly evidence: Evidence;
  /** Of a nested guest only. */
  readonly appliance: ApplianceEvidence | null;
}

/** Of host KVM; null where nothing was counted. */
async function exitsIn(folder: string, launch: Launch): Promise<DecodedExits | null> {
  if (launch.environment === undefined) return null;
  const bytes = await readFile(join(folder, EXITS_FILE)).catch(() => null);
  return bytes === null ? null : decodeExits(bytes);
}

/** Rejects with the file system's error where the console cannot be read. */
export async function gatherFrom(folder: string, launch: Launch): Promise<Gathered> {
  const bytes = await readFile(join(folder, CONSOLE_FILE));
  const nested = launch.nested !== undefined;
  const appliance = nested
    ? gatherAppliance(await readFile(join(folder, APPLIANCE_FILE)), launch.nonce)
    : null;
  const decoded = appliance === null ? await exitsIn(folder, launch) : appliance.exits;
  const exits = decoded?.kind === 'counted' ? decoded.counts : null;
  return { evidence: gatherEvidence(bytes, launch.nonce, exits), appliance };
}
