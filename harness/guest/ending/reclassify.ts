/** Endings that look like one thing and are another. Pure. */

import type { Launch, MachineFacts } from '../types.ts';
import type { Ending } from './ending.ts';

/**
 * Before 8.1 QEMU could give all of an instruction budget to one CPU that waits for another, again and again
 * (rr_cpu_thread_fn() in accel/tcg/tcg-accel-ops-rr.c; icount_percpu_budget() came with the remedy): Linux 6.1 then
 * hangs in wait_for_master_cpu() while its second CPU comes up. The kernel has no part in that.
 */
function starves({ guest }: Launch, machine: MachineFacts | null): boolean {
  const [major = 0, minor = 0] = (machine?.qemuVersion ?? '').split('.').map(Number);
  const old = major < 8 || (major === 8 && minor < 1);
  return guest.clock === 'deterministic' && guest.smp > 1 && machine !== null && old;
}

/** Corrects what the guest's life looked like from its console and its time. */
export function reclassifyEnding(seen: Ending, launch: Launch, machine: MachineFacts | null): Ending {
  // A machine that could not be asked has not been checked, so what its guest says is no result.
  if (seen.kind === 'finished' && machine === null) {
    const detail = 'the guest finished, but QEMU did not tell over QMP what machine it made';
    return { kind: 'host-fault', code: 'qemu-failed', detail };
  }
  if (seen.kind === 'truncated' && machine === null) {
    const detail = `QEMU ended without having told over QMP what machine it made: ${seen.detail}`;
    return { kind: 'host-fault', code: 'qemu-failed', detail };
  }
  if (launch.nested !== undefined) return seen;
  if ((seen.kind === 'stalled' || seen.kind === 'silent') && starves(launch, machine)) {
    return {
      kind: 'host-fault',
      code: 'qemu-unsupported',
      detail: `QEMU ${machine?.qemuVersion} can starve a CPU of ${launch.guest.smp} under -icount, which 8.1 mended; the guest stalled`,
    };
  }
  return seen;
}
