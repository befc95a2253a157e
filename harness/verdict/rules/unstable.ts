/** Why the TSC was marked unstable: the reason is in the message, or in the watchdog's lines before it. */
import type { Mark } from '../../evidence/facts/types.ts';
import { type Context, cite, type Deduction } from '../context.ts';
import type { Cause, Confidence } from '../types.ts';
import { watchdogCause } from './watchdog.ts';

interface Reason {
  readonly pattern: RegExp;
  readonly cause: Cause;
  readonly confidence: Confidence;
  readonly why: string;
}

/** Every caller of mark_tsc_unstable() that passes a reason of its own. */
const REASONS: readonly Reason[] = [
  // tsc.c tsc_init(), unsynchronized_tsc()
  {
    pattern: /^TSCs unsynchronized/,
    cause: 'unsynchronized',
    confidence: 'certain',
    why: 'several CPUs without a constant TSC (and not of Intel) count as unsynchronised',
  },
  // tsc.c time_cpufreq_notifier(), registered only without X86_FEATURE_CONSTANT_TSC
  {
    pattern: /^cpufreq changes/,
    cause: 'unsynchronized',
    confidence: 'likely',
    why: 'the CPU frequency changes and the TSC is not constant',
  },
  // tsc_sync.c check_tsc_sync_source()
  {
    pattern: /^check_tsc_sync_source failed/,
    cause: 'tsc-warp',
    confidence: 'certain',
    why: 'the check between CPUs saw one TSC behind another',
  },
  // arch/x86/kvm/x86.c kvm_arch_hardware_enable(), on a KVM host
  {
    pattern: /^KVM discovered backwards TSC/,
    cause: 'tsc-warp',
    confidence: 'likely',
    why: 'KVM on this machine found a TSC that went backwards',
  },
  // drivers/acpi/processor_idle.c, drivers/idle/intel_idle.c, drivers/acpi/acpi_pad.c, arch/x86/kernel/process.c
  {
    pattern: /^TSC halts in /,
    cause: 'halts-in-idle',
    confidence: 'certain',
    why: 'the CPU offers idle states in which its TSC stops, and it has no nonstop_tsc',
  },
  // tsc.c tsc_setup() "tsc=unstable", notsc_setup() "notsc" from 4.18 on
  {
    pattern: /^boot parameter/,
    cause: 'command-line',
    confidence: 'certain',
    why: 'the kernel command line says so',
  },
  // arch/x86/kernel/cpu/mshyperv.c ms_hyperv_init_platform(), without HV_ACCESS_TSC_INVARIANT
  {
    pattern: /^running on /,
    cause: 'hypervisor-policy',
    confidence: 'certain',
    why: "the guest's code for its hypervisor distrusts the TSC unless an invariant one is promised",
  },
];

export function unstableCause(c: Context): Deduction<Cause> {
  const mark = c.facts.marks[0];
  if (mark !== undefined && !/^clocksource watchdog/.test(mark.reason)) return byReason(c, mark);
  if (mark === undefined && c.facts.warps[0] !== undefined)
    return {
      value: 'tsc-warp',
      confidence: 'certain',
      evidence: c.facts.warps.map((w) => cite(w, 'the check between CPUs failed')),
      why: 'the check between CPUs saw one TSC behind another',
    };
  return watchdogCause(c);
}

function byReason(c: Context, mark: Mark): Deduction<Cause> {
  const reason = REASONS.find((r) => r.pattern.test(mark.reason));
  const evidence = [cite(mark, 'the reason that the kernel gives')];
  if (reason === undefined)
    return {
      value: 'undetermined',
      confidence: 'none',
      evidence,
      why: `the kernel's reason is "${mark.reason}"`,
    };
  const details =
    reason.cause === 'tsc-warp'
      ? c.facts.warps.map((w) => cite(w, 'how far the TSCs are apart'))
      : reason.cause === 'command-line' && c.facts.commandLine !== null
        ? [cite(c.facts.commandLine, 'the command line')]
        : [];
  return {
    value: reason.cause,
    confidence: reason.confidence,
    evidence: [...evidence, ...details],
    why: reason.why,
  };
}
