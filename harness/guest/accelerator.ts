/** What a cell's topology comes to on this host, and why. Never a silent fallback. */
import type { ClockMode, Topology } from '../matrix/types.ts';
import type { KvmCheck } from './kvm-check.ts';

export type Choice =
  | { readonly accelerator: 'tcg' | 'kvm' | 'nested'; readonly reason: string }
  | { readonly accelerator: null; readonly reason: string };

/** QEMU 7.2 softmmu/icount.c, icount_configure(): "-icount is not allowed with hardware virtualization". */
const NOT_ON_KVM = 'deterministic time needs -icount, which host KVM does not have';

/**
 * `trial` is null where no cell needed one. auto is a KVM guest wherever it runs: on the host where the trial says
 * that its KVM is sound, else nested; plain tcg is another guest, and comes only where it was asked for.
 */
export function chooseAccelerator(topology: Topology, clock: ClockMode, trial: KvmCheck | null): Choice {
  if (topology === 'tcg' || topology === 'nested')
    return { accelerator: topology, reason: `topology ${topology} was asked for` };
  const against = reasonAgainstKvm(clock, trial);
  if (against === null) {
    const reason = `KVM was tried: ${trial?.reason}`;
    return { accelerator: 'kvm', reason: topology === 'auto' ? `auto: ${reason}` : reason };
  }
  return topology === 'auto'
    ? { accelerator: 'nested', reason: `auto: nested, for ${against}` }
    : { accelerator: null, reason: against };
}

/** Why host KVM cannot run a guest with this clock, or null. */
function reasonAgainstKvm(clock: ClockMode, trial: KvmCheck | null): string | null {
  if (clock === 'deterministic') return NOT_ON_KVM;
  return trial?.usable === true ? null : `KVM is not usable here: ${trial?.reason ?? 'it was not tried'}`;
}
