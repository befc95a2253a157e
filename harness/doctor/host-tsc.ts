/** Checks of the host's own TSC, which is what a guest in real time gets to see. */

import { measureHostTsc } from '../lab/true-frequency.ts';
import { gatherHostFacts } from '../record/provenance/host-facts.ts';
import type { Fact } from '../record/provenance/provenance-types.ts';
import type { Check } from './context.ts';
import type { HostCpu } from './host-cpu.ts';
import { type CheckResult, missing, ok, unknown, unusable } from './types.ts';

export function invariantResult({ flags }: HostCpu): CheckResult {
  const lacking = ['constant_tsc', 'nonstop_tsc'].filter((flag) => !flags.has(flag));
  if (lacking.length === 0) return ok('the CPU has constant_tsc and nonstop_tsc');
  return missing(
    `the CPU lacks ${lacking.join(' and ')}: its TSC changes its rate or stops, and a guest's with it`,
    'keep to clock: deterministic; in a virtual machine, have its host give invtsc',
  );
}

/** KVM's master clock, and with it a stable kvm-clock, needs it (gtod_is_based_on_tsc() in arch/x86/kvm/x86.c). */
export function clocksourceResult(current: Fact<string>, available: Fact<readonly string[]>): CheckResult {
  if (current.value === null) return unknown(current.reason);
  const others = available.value === null ? '' : ` (available: ${available.value.join(' ')})`;
  const found = `the host runs on ${current.value}${others}`;
  if (['tsc', 'hyperv_clocksource_tsc_page'].includes(current.value)) return ok(found);
  const canSwitch = available.value?.includes('tsc') === true;
  return unusable(
    `${found}: KVM then gives its guests no stable kvm-clock`,
    canSwitch
      ? 'echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource (as root)'
      : 'see why: dmesg | tscmatrix diagnose -',
  );
}

export function hypervisorResult(hypervisor: Fact<string>): CheckResult {
  if (hypervisor.value === null) return unknown(hypervisor.reason);
  return hypervisor.value === 'none'
    ? ok('the host runs on the bare machine')
    : ok(`the host is itself a guest, of ${hypervisor.value}: its times are no quieter than that one's`);
}

const topic = 'TSC of this host';

export const TSC_CHECKS: readonly Check[] = [
  {
    topic,
    name: 'frequency',
    needed: 'always',
    find: async () => {
      const { khz, from } = await measureHostTsc();
      return ok(`${(khz / 1000).toFixed(3)} MHz (${from})`);
    },
  },
  {
    topic,
    name: 'invariant TSC',
    needed: 'for clock: real',
    runsNothing: true,
    find: async ({ hostCpu }) => invariantResult(await hostCpu()),
  },
  {
    topic,
    name: 'clocksource',
    needed: 'for kvm',
    find: async () => {
      const { current, available } = (await gatherHostFacts()).clocksource;
      return clocksourceResult(current, available);
    },
  },
  {
    topic,
    name: 'hypervisor below',
    needed: 'for clock: real',
    find: async () => hypervisorResult((await gatherHostFacts()).hypervisor),
  },
];
