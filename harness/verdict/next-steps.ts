/** What to send or to try next, most useful first. */
import type { Registration } from '../matrix/types.ts';
import type { Context } from './context.ts';
import { sampleLimitCycles } from './kernel-generations.ts';
import type { Cause } from './types.ts';

const SYSFS = '/sys/devices/system/clocksource/clocksource0';
export const ASK = {
  available: `Send the output of: cat ${SYSFS}/available_clocksource`,
  current: `Send the output of: cat ${SYSFS}/current_clocksource`,
  dmesg:
    'Send the whole kernel log of the boot, with its times: dmesg, or journalctl -k -b -o short-monotonic',
  cmdline: 'Send the output of: cat /proc/cmdline',
  flags: 'Send the output of: grep -m1 ^flags /proc/cpuinfo',
  version: 'Send the output of: uname -r',
} as const;

export function nextSteps(c: Context, registration: Registration, cause: Cause): string[] {
  const steps: string[] = [];
  const { facts } = c;
  if (registration === 'undetermined' || cause === 'undetermined') {
    if (c.available === null) steps.push(ASK.available);
    if (facts.shape.kind !== 'whole') steps.push(ASK.dmesg);
    if (c.current === null || cause === 'undetermined')
      if (c.currentFrom !== 'stated') steps.push(ASK.current);
    if (registration === 'never' && facts.cpuFlags === null) steps.push(ASK.flags);
    if (facts.commandLine === null) steps.push(ASK.cmdline);
  }
  steps.push(...(ADVICE[cause]?.(c) ?? []));
  if (facts.trace !== null && registration === 'refined') steps.push(...EXPERIMENT);
  return steps;
}

const EXPERIMENT: readonly string[] = [
  'Caution: this kernel carries trace markers, so it was changed by hand. If its sample limit was raised as well, the refined frequency may be off by as much as the longer reads: compare it with the frequency that the hypervisor gives before trusting it.',
];

const ADVICE: Partial<Record<Cause, (c: Context) => string[]>> = {
  'refinement-restarts': refinementAdvice,
  'watchdog-skew': () => [
    'Compare the frequency in "tsc: Detected" with the true one of the host; after a migration, check TSC scaling on the target host.',
  ],
  'watchdog-slow-reference': () => [
    'Boot once with tsc=nowatchdog (5.2 on) or tsc=reliable: if tsc stays, the reference was at fault; a faster reference (HPET instead of the PM timer) helps as well.',
  ],
  unsynchronized: () => [
    'Give the guest a constant TSC: with KVM, -cpu host,migratable=off,+invtsc; with TCG, an Intel model or a single CPU.',
  ],
  'tsc-warp': () => [
    'Check the TSC offsets of the vCPUs (host suspend, CPU hotplug, a restored snapshot); send the whole log of the host as well.',
  ],
  'halts-in-idle': () => [
    'Give the guest an invariant TSC (-cpu host,migratable=off,+invtsc), or boot once with processor.max_cstate=1.',
  ],
  'no-reference': () => [
    'Give the guest a PM timer or an HPET (no pmtmr=0; -machine hpet=on), or a frequency it can trust (kvm-clock, CPUID 0x15).',
  ],
  'calibration-failed': () => [
    'Give the guest a reference timer that answers in time (HPET, PM timer), or name the frequency with tsc_early_khz= (5.3 on).',
  ],
  'wrong-known-frequency': () => [
    'Boot once with tsc=recalibrate (5.19 on) and send the log: it measures the frequency that was given against a hardware timer.',
  ],
  'command-line': () => ['Boot once without that parameter.'],
  'hypervisor-policy': () => [
    'Ask the hypervisor for an invariant TSC (Hyper-V: HV_ACCESS_TSC_INVARIANT); otherwise its own clocksource is the right one.',
  ],
  outranked: () => [
    `If tsc is wanted: echo tsc > ${SYSFS}/current_clocksource, or boot with clocksource=tsc.`,
  ],
  'guest-paused': () => [
    'Ask whether the guest was paused, migrated or restored from a snapshot at that time; if it was, the message is a consequence and no fault of the TSC.',
  ],
};

function refinementAdvice(c: Context): string[] {
  const { era, khz, facts } = c;
  const steps: string[] = [];
  if (facts.trace === null || facts.trace.restarts === 0)
    steps.push(
      'Boot once with trace_event=workqueue:workqueue_execute_start and send /sys/kernel/tracing/trace: tsc_refine_calibration_work once a second proves the loop.',
    );
  const limit = era === null ? null : sampleLimitCycles(era, khz);
  if (limit !== null && khz !== null)
    steps.push(
      `Measure one read of the reference counter: this kernel rejects a sample above ${limit} cycles (${((limit / khz) * 1000).toFixed(1)} us at ${khz / 1000} MHz), and a PM-timer sample is at least three port reads.`,
    );
  if (era?.sampleLimit === '50000-cycles' && khz !== null)
    steps.push(
      khz > 1_600_000
        ? 'The fix a786ef152cdc (5.0) allows 31.25 us instead; it helps only where a sample takes less than that.'
        : 'The fix a786ef152cdc (5.0) would not help: below 1.6 GHz its limit of 31.25 us is stricter than 50,000 cycles.',
    );
  if (era !== null && era.kvmKnowsFrequency !== true)
    steps.push(
      era.atOnce === 'TSC_KNOWN_FREQ'
        ? 'On KVM, the fix e10f78050323 (4.18) takes the frequency from kvm-clock and registers tsc at once.'
        : 'On KVM, the fix e10f78050323 (4.18) takes the frequency from kvm-clock and registers tsc at once; a kernel this old needs 47c95a46d0fa (4.10) with it, or it does nothing.',
    );
  if (era?.stopRejected === 'restart')
    steps.push(
      'In this kernel a rejected second sample starts everything over as well, so a single slow read now and then is enough to delay tsc.',
    );
  if (era === null) steps.push(ASK.version);
  steps.push('Try a cheaper reference: an HPET sample is one read (QEMU: -machine hpet=on).');
  return steps;
}
