/** One boot of a cell to a verdict: how the guest ended, what its report says, what the log says of tsc. */
import type { Evidence } from '../evidence/evidence.ts';
import { kernelReads } from '../evidence/exits.ts';
import type { ProbeReport } from '../evidence/report.ts';
import { traceLacks } from '../evidence/trace-frames.ts';
import type { Ending } from '../guest/ending/ending.ts';
import type { Launch, MachineFacts } from '../guest/types.ts';
import type { Failure } from '../matrix/types.ts';
import { accuracyOf, timeBaseOf } from './accuracy.ts';
import { clockOf, type TrueKhz } from './clock.ts';
import { refutedRefinement } from './counted-refinement.ts';
import { diagnose, type ProbeTimeline } from './diagnose.ts';
import { findMismatches } from './machine-check.ts';
import { testResults } from './tests.ts';
import type { Difference, Observation } from './types.ts';

interface ObserveInput {
  readonly launch: Launch;
  readonly ending: Ending;
  readonly evidence: Evidence;
  readonly machine: MachineFacts | null;
  /** The true TSC frequency, kHz, and how it is known; null where it is not. */
  readonly trueKhz: TrueKhz | null;
}

/**
 * Pure. What is not the kernel's doing comes first: a fault of the host, then a machine that is not the one
 * asked for. Only then does the guest's own end count, and only a complete report leads to a registration.
 */
export function observe(input: ObserveInput): Observation {
  const observation = observeKernel(input);
  const { tests } = input.launch;
  return tests === undefined
    ? observation
    : { ...observation, tests: testResults(tests, input.evidence.tests ?? [], observation) };
}

function observeKernel(input: ObserveInput): Observation {
  const { launch, ending, evidence, machine } = input;
  const differences = findMismatches(launch, machine, evidence.report, evidence.facts);
  const fail = (verdict: Failure, reason: string): Observation => ({
    ...nothing(input, differences),
    verdict,
    reason,
  });

  if (ending.kind === 'host-fault') return fail('infra-error', `${ending.code}: ${ending.detail}`);
  if (differences.length > 0)
    return fail('infra-error', `not the guest that was asked for: ${differences.map(describe).join('; ')}`);
  const end = endedEarly(ending);
  if (end !== null) return fail(end.verdict, end.reason + inTest(evidence));
  const gap = incomplete(evidence);
  if (gap !== null) return fail('no-evidence', gap);
  const refuted = refutedRefinement(evidence);
  if (refuted !== null) return fail('infra-error', refuted);
  return registered(input);
}

/** The test that had begun when the guest ended, if one had. */
function inTest({ tests = [] }: Evidence): string {
  const open = tests.find(({ run }) => run.end === null);
  return open === undefined ? '' : `, in the test ${open.run.name}`;
}

function describe(d: Difference): string {
  return `${d.what} asked ${d.asked}, got ${d.got} (${d.seenBy})`;
}

/** Null if the guest came to its end marker. */
function endedEarly(
  ending: Exclude<Ending, { kind: 'host-fault' }>,
): { verdict: Failure; reason: string } | null {
  switch (ending.kind) {
    case 'finished':
      return null;
    case 'panic':
      return { verdict: 'panicked', reason: 'the kernel panicked' };
    case 'reset':
      return {
        verdict: 'boot-failed',
        reason: `the machine reset itself before the probe was done: ${ending.detail}`,
      };
    case 'silent':
      return { verdict: 'boot-failed', reason: `the kernel printed nothing in ${seconds(ending.wallMs)}` };
    case 'stalled':
      return {
        verdict: 'hung',
        reason: `no progress within the limit in ${ending.limit === 'wall' ? 'wall time' : 'guest time'}: ${ending.detail}`,
      };
    case 'truncated':
      return { verdict: 'no-evidence', reason: `the console is cut short: ${ending.detail}` };
    case 'flood':
      return { verdict: 'no-evidence', reason: `the console passed its cap (${ending.bytes} bytes)` };
    case 'deadline':
      // It was still making progress: a slow host, which is not the kernel's fault.
      return {
        verdict: 'infra-error',
        reason: `still making progress after ${seconds(ending.wallMs)}; the host is too slow`,
      };
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}

function incomplete(evidence: Evidence): string | null {
  const { report } = evidence;
  const { counts } = report;
  if (counts.conflicts > 0)
    return `${counts.conflicts} frames contradict earlier frames of the same number; the console cannot be trusted`;
  if (counts.missing === 0 && evidence.logCheck !== null && evidence.logCheck.problem !== null)
    return evidence.logCheck.problem;
  if (!report.complete)
    return `the report is incomplete: ${counts.missing} frames missing, ${counts.damaged} damaged${report.transcriptEnd === null ? ', no end frame' : ''}`;
  // What the kernel does not offer is made up for by its console and the counts; what merely did not come is not.
  const lacks = (file: RegExp): boolean => report.unread?.some(({ value }) => file.test(value.file)) === true;
  if (report.polls.length === 0 && !lacks(/clocksource/))
    return 'the report holds no poll of the clocksources';
  const noLog = report.dmesg.length === 0 && !evidence.facts.shape.beginsAtBoot && !lacks(/kmsg/);
  return noLog ? "the report holds nothing of the kernel's log" : null;
}

/** A complete report: the log and the polls decide. */
function registered(input: ObserveInput): Observation {
  const { evidence } = input;
  const { report } = evidence;
  const last = report.polls.at(-1)?.value;
  const diagnosis = diagnose({
    facts: evidence.facts,
    available: last?.available,
    current: last?.current,
    watched: watchedBy(evidence),
    exits: evidence.exits,
  });
  const accuracy = accuracyOf(evidence, input.launch, input.trueKhz);
  // In the host's time it is the host that held the guest up, and that is not its kernel's doing.
  const heldUp = diagnosis.cause === 'guest-paused' && input.launch.guest.clock === 'real';
  return {
    ...nothing(input, []),
    verdict: heldUp ? 'infra-error' : diagnosis.registration,
    reason: heldUp
      ? `the host did not run the guest all the time: ${diagnosis.summary}`
      : [diagnosis.summary, ...unreadIn(report), ...traceOf(report, input.launch)].join(' '),
    current: last?.current ?? null,
    available: last?.available ?? null,
    ...accuracy,
    clock: clockOf(report, timeBaseOf(input.launch, input.trueKhz, accuracy.toldKhz), accuracy.kernelKhz),
    diagnosis,
  };
}

function unreadIn({ unread = [] }: ProbeReport): string[] {
  const files = unread.map(({ value }) => `${value.file} (${value.error})`);
  return files.length === 0 ? [] : [`Not to be read in this guest: ${files.join(', ')}.`];
}

/** A trace that was asked for and did not come whole is said: its silence proves nothing. */
function traceOf({ trace }: ProbeReport, { guest }: Launch): string[] {
  if (guest.trace === '') return [];
  const lacks = trace === undefined ? ['the probe sent none'] : traceLacks(trace);
  return lacks.length === 0 ? [] : [`Of the trace: ${lacks.join('; ')}.`];
}

function watchedBy(evidence: Evidence): ProbeTimeline {
  const { report } = evidence;
  const polls = report.polls.map((p) => p.value);
  const toS = (ns: number | undefined): number | null => (ns === undefined ? null : ns / 1e9);
  return {
    state: report.state?.value.state ?? null,
    firstPollS: toS(polls[0]?.tNs),
    firstListedS: toS(polls.find((p) => p.available.includes('tsc'))?.tNs),
    lastPollS: toS(report.state?.value.tNs ?? polls.at(-1)?.tNs),
    logAheadS: logAheadS(evidence),
  };
}

/** By the last message on the console before the first poll. A log that the probe sent has no place there. */
function logAheadS({ report, log }: Evidence): number {
  const poll = report.polls[0];
  const line = log.findLast(({ n }) => n < (poll?.lines[0] ?? 0));
  const stamp = /^\[ *(\d+\.\d{6})\]/.exec(line?.text ?? '')?.[1];
  return poll === undefined || stamp === undefined ? 0 : Math.max(0, Number(stamp) - poll.value.tNs / 1e9);
}

function nothing(
  input: ObserveInput,
  differences: readonly Difference[],
): Omit<Observation, 'verdict' | 'reason'> {
  return {
    current: null,
    available: null,
    kernelKhz: null,
    trueKhz: input.trueKhz?.khz ?? null,
    trueKhzFrom: input.trueKhz?.from ?? null,
    ppm: null,
    readCounts: input.evidence.exits === null ? null : kernelReads(input.evidence.exits),
    diagnosis: null,
    differences,
  };
}
