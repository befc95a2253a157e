/** tsc.c tsc_refine_calibration_work(): a rejected start sample schedules the work again, without a message. */
import { relativeLimit, SMI_TRESHOLD } from '../../base/kernel-constants.ts';
import type { Context } from '../context.ts';
import { countedReads } from '../counted-refinement.ts';
import { cite, claim } from '../deduction.ts';
import { sampleLimitCycles } from '../kernel-generations.ts';
import { isGuest } from '../place.ts';
import { ASK } from '../requests.ts';
import { tracedRestarts } from '../traced-refinement.ts';
import { cause, rule } from './row.ts';

const traced = rule('never', 'said', (c) => {
  const shown = tracedRestarts(c);
  return (
    shown &&
    claim(
      shown.confidence,
      'every sample of TSC and reference counter is rejected because it takes too long, and the work schedules itself again',
    )
  );
});

const silent = rule('never', 'rest', (c) => {
  const { detected, shape, commandLine } = c.facts;
  const counted = countedReads(c);
  // Counted, and nobody reads a counter: whatever keeps tsc away, it is not this.
  if (counted.shows === 'quiet') return null;
  if (detected[0] === undefined && !c.earlyListed && counted.shows === null) return null;
  // Without its command line a log does not show that nothing there keeps tsc out.
  const asked = c.watched !== null || commandLine !== null;
  const early = c.earlyListed && asked && (c.watched?.state === 'never' || shape.kind === 'whole');
  return claim(
    counted.shows === 'restarts' || early ? 'certain' : 'likely',
    `the delayed refinement never ends: its samples are rejected because reading the reference counter takes too long, and that leaves no message${counted.text}`,
    detected.slice(0, 1).map((d) => cite(d, 'the TSC exists and its frequency is known roughly')),
  );
});

function advice(c: Context): string[] {
  const { era, khz } = c;
  const steps: string[] = [];
  if (tracedRestarts(c) === null && (c.facts.trace?.restarts ?? 0) === 0)
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
      relativeLimit(khz) > SMI_TRESHOLD
        ? 'The fix a786ef152cdc (5.0) allows 31.25 us instead; it helps only if a sample takes less than that.'
        : 'The fix a786ef152cdc (5.0) would not help: below 1.6 GHz its limit of 31.25 us is stricter than 50,000 cycles.',
    );
  if (era !== null && era.kvmKnowsFrequency !== true && isGuest(c) !== false)
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
  const cheaper = 'Try a cheaper reference: an HPET sample is one read';
  return [
    ...steps,
    isGuest(c) === false
      ? `${cheaper} (switch it on in the firmware).`
      : `${cheaper} (QEMU: -machine hpet=on).`,
  ];
}

export const REFINEMENT = [cause('refinement-restarts', [traced, silent], advice)];
