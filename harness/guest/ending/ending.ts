/**
 * How a guest's life ended, as a value. Kinds that begin with a host fault are never the kernel's verdict.
 */
export type Ending =
  /** The probe's end marker came. */
  | { readonly kind: 'finished' }
  /** "Kernel panic - not syncing" on the console. */
  | { readonly kind: 'panic' }
  /** The machine reset itself without the end marker and without a panic (triple fault, reset). */
  | { readonly kind: 'reset'; readonly detail: string }
  /** QEMU ended in an orderly way, yet the end marker is missing: the console is cut short. */
  | { readonly kind: 'truncated'; readonly detail: string }
  /** The guest ran and printed nothing at all. */
  | { readonly kind: 'silent'; readonly wallMs: number }
  /** The guest stopped making progress while its own clock went on. */
  | { readonly kind: 'stalled'; readonly limit: 'wall' | 'guest-time'; readonly detail: string }
  /** More console bytes than the cap. */
  | { readonly kind: 'flood'; readonly bytes: number }
  /** The overall limit in wall time passed while the guest was still making progress: a slow host. */
  | { readonly kind: 'deadline'; readonly wallMs: number }
  | {
      readonly kind: 'host-fault';
      readonly code: HostFaultCode;
      readonly detail: string;
    };

export const HOST_FAULTS = [
  /** There is no such QEMU binary. */
  'qemu-missing',
  /** QEMU refused an option, machine, CPU model or flag. */
  'qemu-unsupported',
  /** QEMU ended with an error before the guest ran. */
  'qemu-failed',
  /** QEMU died of a signal while the guest ran. */
  'qemu-killed',
  /** The guest's time stood still while wall time passed. */
  'guest-frozen',
  /** The appliance of a nested guest did not come up, or could not do its work. */
  'appliance-failed',
  /** The appliance's own kernel panicked or tripped over itself. */
  'appliance-crashed',
  /** The appliance ran out of memory. */
  'appliance-memory',
  /** The appliance itself stood still. */
  'appliance-hung',
  /** The QEMU of a nested guest died or gave up. */
  'guest-qemu-failed',
  /** A nested guest stood still, by its own time or by the host's. */
  'guest-stalled',
  /** Results could not be written. */
  'disk-full',
  /** The accelerator that was asked for is not usable here. */
  'no-accelerator',
  /** In records of earlier versions: the run was interrupted in this boot. */
  'interrupted',
] as const;
export type HostFaultCode = (typeof HOST_FAULTS)[number];

export function fault(code: HostFaultCode, detail: string): Ending {
  return { kind: 'host-fault', code, detail };
}

/** Faults that another attempt at a nested guest may not meet: under -icount it needs other inputs, so another nonce. */
const PASSING: readonly HostFaultCode[] = [
  'guest-stalled',
  'appliance-hung',
  'appliance-crashed',
  'guest-qemu-failed',
  'guest-frozen',
];

/** Whether a nested guest's end says something of this attempt alone, so that trying again is honest. */
export function isRetryable(ending: Ending): boolean {
  return ending.kind === 'host-fault' && PASSING.includes(ending.code);
}
