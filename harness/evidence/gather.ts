/** What all that a boot has left says, whatever its topology. Pure. */
import { type ApplianceEvidence, gatherAppliance } from './appliance.ts';
import { type Evidence, gatherEvidence } from './evidence.ts';
import { decodeExits } from './exits.ts';

export interface BootTexts {
  readonly nonce: string;
  readonly console: Uint8Array;
  /** Of a nested guest only. */
  readonly appliance: Uint8Array | null;
  /** What kvm-exits.so has written on this host; null if nothing was counted so. */
  readonly exits: Uint8Array | null;
  /** Of a guest that ran tests: what its end names. */
  readonly key?: string;
}

export interface Gathered {
  readonly evidence: Evidence;
  /** Of a nested guest only. */
  readonly appliance: ApplianceEvidence | null;
}

/** Never throws. */
export function gatherAll({ nonce, console, appliance: log, exits: file, key }: BootTexts): Gathered {
  const appliance = log === null ? null : gatherAppliance(log, nonce);
  const decoded = appliance !== null ? appliance.exits : file === null ? null : decodeExits(file);
  const exits = decoded?.kind === 'counted' ? decoded.counts : null;
  return { evidence: gatherEvidence(console, nonce, exits, key), appliance };
}
