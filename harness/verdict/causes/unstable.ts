/** Causes that mark_tsc_unstable() is given by name. */
import type { Context } from '../context.ts';
import { type Citation, cite, claim } from '../deduction.ts';
import { advise } from '../place.ts';
import { isTsc } from '../registration.ts';
import { cause, marked, rule } from './row.ts';
import { byWatchdog } from './watchdog-check.ts';

const BEHIND = 'the check between CPUs saw one TSC behind another';
const apart = ({ facts }: Context): Citation[] =>
  facts.warps.map((w) => cite(w, 'how far the TSCs are apart'));
const APART = 'the kernel saw the TSC of one CPU behind or ahead of that of another';
const NOT_CONSTANT = 'several CPUs without a constant TSC (and not of Intel) count as unsynchronised';
const STOPS = 'the CPU offers idle states in which its TSC stops, and it has no nonstop_tsc';
const DISTRUST = "the guest's code for its hypervisor distrusts the TSC unless an invariant one is promised";

export const UNSTABLE = [
  cause(
    'unsynchronized',
    [
      // tsc.c tsc_init(), unsynchronized_tsc()
      marked(/^TSCs unsynchronized/, 'certain', NOT_CONSTANT),
      // tsc.c time_cpufreq_notifier(), registered only without X86_FEATURE_CONSTANT_TSC
      marked(/^cpufreq changes/, 'likely', 'the CPU frequency changes and the TSC is not constant'),
    ],
    advise({
      guest: [
        'Give the guest a constant TSC: with KVM, -cpu host,migratable=off,+invtsc; with TCG, an Intel model or a single CPU.',
      ],
      metal: ['This CPU has no constant TSC: HPET or PM timer is the right clocksource for it.'],
    }),
  ),
  cause(
    'tsc-warp',
    [
      // tsc_sync.c check_tsc_sync_source()
      marked(/^check_tsc_sync_source failed/, 'certain', BEHIND, apart),
      // arch/x86/kvm/x86.c kvm_arch_hardware_enable(), on a KVM host
      marked(/^KVM discovered/, 'likely', 'KVM on this machine found a TSC that went backwards', apart),
      rule('unstable', 'said', (c) => {
        const lines = apart(c);
        return c.facts.marks.length === 0 && lines.length > 0 && claim('certain', BEHIND, lines);
      }),
      rule('unstable', 'said', (c) => {
        const seen = c.facts.watchdog.filter((w) => w.kind === 'cpu-skew' && isTsc(w.source));
        const lines = seen
          .flatMap((w) => [w, ...w.details])
          .map((w) => cite(w, 'CPUs of which the TSCs differ'));
        return byWatchdog(c) && seen.length > 0 && claim('likely', APART, lines);
      }),
    ],
    advise({
      guest: [
        'Check the TSC offsets of the vCPUs (host suspend, CPU hotplug, a restored snapshot); send the whole log of the host as well.',
      ],
      metal: [
        'Update the firmware: it starts the CPUs with TSCs that are apart, or moves one of them later (SMM).',
      ],
    }),
  ),
  cause(
    'halts-in-idle',
    // drivers/acpi/processor_idle.c, drivers/idle/intel_idle.c, drivers/acpi/acpi_pad.c, arch/x86/kernel/process.c
    // 2.6.21 to 2.6.24: "possible TSC halt in C2", before nonstop_tsc was known
    [marked(/^(?:TSC halts|possible TSC halt) in /, 'certain', STOPS)],
    advise({
      both: [
        'Boot once with processor.max_cstate=1 (and intel_idle.max_cstate=1): tsc stays if idle was the reason.',
      ],
      guest: ['Give the guest an invariant TSC (-cpu host,migratable=off,+invtsc).'],
    }),
  ),
  cause(
    'hypervisor-policy',
    // arch/x86/kernel/cpu/mshyperv.c ms_hyperv_init_platform(), without HV_ACCESS_TSC_INVARIANT
    [marked(/^running on /, 'certain', DISTRUST)],
    [
      'Ask the hypervisor for an invariant TSC (Hyper-V: HV_ACCESS_TSC_INVARIANT); otherwise its own clocksource is the right one.',
    ],
  ),
];
