/** What a KVM guest is told that it runs under: the options of QEMU that make each personality. Pure. */
import type { GuestSpec, Personality } from '../matrix/types.ts';

/**
 * Hyper-V enlightenments (QEMU docs/system/i386/hyperv.rst): the reference TSC page and the frequency MSRs decide the
 * clocksource; the others are what they need, and what management software gives a Windows guest.
 */
const HYPERV_FLAGS = [
  'hv-relaxed',
  'hv-vpindex',
  'hv-runtime',
  'hv-time',
  'hv-synic',
  'hv-stimer',
  'hv-frequencies',
];

/** Xen 4.10, as in QEMU's docs/system/i386/xen.rst: event channels need an irqchip split between KVM and QEMU. */
const XEN_ACCELERATOR = 'kvm,xen-version=0x4000a,kernel-irqchip=split';

/** The personality of a guest that QEMU runs with KVM. */
export function personalityOf(guest: GuestSpec): Personality {
  return guest.personality ?? 'kvm';
}

/** The value of -accel for a KVM guest. */
export function kvmAccelerator(guest: GuestSpec): string {
  return personalityOf(guest) === 'xen' ? XEN_ACCELERATOR : 'kvm';
}

const ADDED: Readonly<Record<Personality, readonly string[]>> = {
  kvm: [],
  xen: [],
  hyperv: HYPERV_FLAGS,
  // No hypervisor's leaves at all: the guest finds neither kvm-clock nor a name (target/i386/kvm/kvm.c).
  none: ['kvm=off'],
};

/**
 * The value of -cpu for a KVM guest. Where KVM runs in an emulated machine it offers no invariant TSC, and QEMU drops
 * a feature that KVM does not offer with nothing but a warning (x86_cpu_filter_features() in target/i386/cpu.c):
 * x-force-features=on gets it through, and the guest's TSC then is what it says, since the machine's own is steady.
 */
export function kvmCpu(guest: GuestSpec, nested: boolean): string {
  const asksInvtsc = guest.cpu.split(',').some((word) => word === '+invtsc' || /^invtsc=on$/.test(word));
  const forced = nested && asksInvtsc ? ['x-force-features=on'] : [];
  return [guest.cpu, ...ADDED[personalityOf(guest)], ...forced].join(',');
}
