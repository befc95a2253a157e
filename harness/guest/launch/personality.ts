/** What a KVM guest is told that it runs under: the options of QEMU that make each personality. Pure. */
import type { GuestSpec } from '../../matrix/types.ts';
import type { Machine } from '../types.ts';

/**
 * Hyper-V enlightenments (QEMU docs/system/i386/hyperv.rst): the reference TSC page and the frequency MSRs decide the
 * clocksource; the others are what they need, and what management software gives a Windows guest. KVM's own leaves are
 * taken away: Linux believes the hypervisor whose leaves are highest (detect_hypervisor_vendor() in
 * arch/x86/kernel/cpu/hypervisor.c), and beside Hyper-V's at 0x40000000 KVM's are at 0x40000100.
 */
const HYPERV_FLAGS = [
  'hv-relaxed',
  'hv-vpindex',
  'hv-runtime',
  'hv-time',
  'hv-synic',
  'hv-stimer',
  'hv-frequencies',
  'kvm=off',
];

/** Xen 4.10, as in QEMU's docs/system/i386/xen.rst: event channels need an irqchip split between KVM and QEMU. */
const XEN_ACCELERATOR = ['xen-version=0x4000a', 'kernel-irqchip=split'];

/** The parts of -accel and -cpu that make each of them. */
export const PERSONALITIES: Readonly<
  Record<Machine['personality'], { readonly accel?: readonly string[]; readonly cpu?: readonly string[] }>
> = {
  tcg: {},
  kvm: {},
  xen: { accel: XEN_ACCELERATOR },
  hyperv: { cpu: HYPERV_FLAGS },
  // No hypervisor's leaves at all: the guest finds neither kvm-clock nor a name (target/i386/kvm/kvm.c).
  none: { cpu: ['kvm=off'] },
};

/** Whether an invariant TSC is asked for by name. */
export function asksInvtsc({ cpu }: Pick<GuestSpec, 'cpu'>): boolean {
  return cpu.split(',').some((word) => word === '+invtsc' || word === 'invtsc=on');
}

/**
 * What is added to -cpu in the appliance. QEMU drops an invariant TSC from the models host and max unless they are not to
 * be migrated, with nothing but a warning (x86_cpu_get_supported_feature_word() and x86_cpu_filter_features() in
 * target/i386/cpu.c). There x-force-features=on gets it through: these models have nothing else that KVM does
 * not offer. A named model may, and what is forced then is not there when the guest uses it (EPYC and XRSTORS): it gets
 * its invariant TSC from the appliance's own CPU, which has one then.
 */
export function forcedFlags(guest: Pick<GuestSpec, 'cpu'>): string[] {
  return asksInvtsc(guest) && /^(?:host|max),/.test(guest.cpu) ? ['x-force-features=on'] : [];
}
