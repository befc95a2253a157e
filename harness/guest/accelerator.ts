/** What a cell's topology comes to on this host, and why. Never a silent fallback. */
import type { ClockMode, Topology } from '../matrix/types.ts';
import type { Trial } from './trial.ts';

export type Choice =
  | { readonly accelerator: 'tcg' | 'kvm'; readonly reason: string }
  | { readonly accelerator: null; readonly reason: string };

/** `trial` is null where no cell needed one. */
export function chooseAccelerator(topology: Topology, clock: ClockMode, trial: Trial | null): Choice {
  if (topology === 'tcg') return { accelerator: 'tcg', reason: 'topology tcg was asked for' };
  if (clock === 'deterministic') {
    const reason = 'deterministic time needs -icount, which only TCG has';
    return topology === 'auto'
      ? { accelerator: 'tcg', reason: `auto: ${reason}` }
      : { accelerator: null, reason };
  }
  if (trial?.usable === true) return { accelerator: 'kvm', reason: `KVM was tried: ${trial.reason}` };
  const why = `KVM is not usable here: ${trial?.reason ?? 'it was not tried'}`;
  return topology === 'auto'
    ? { accelerator: 'tcg', reason: `auto: ${why}` }
    : { accelerator: null, reason: why };
}
