/** The probe's frames as a typed report, every value with the console lines it came from. */
import {
  type ClockChange,
  type ClockCost,
  type ClockOrder,
  type ClockRate,
  clockChange,
  clockCost,
  clockOrder,
  clockRate,
  type RefusedChange,
} from './clock-frames.ts';
import type { ConsoleLine } from './console.ts';
import { type At, joinContinued, unescapeText } from './frame-texts.ts';
import { collectFrames, type FrameCounts } from './frames.ts';
import { type LogSum, logSum } from './log-digest.ts';
import type { CpuidLeaf, HpetReport, PmTimerReport, Poll, RefCost, Unread } from './report-fields.ts';
import {
  cpuidLeaf,
  hpetTimer,
  numbers,
  pairs,
  pmTimer,
  poll,
  refCost,
  splitList,
  unread,
} from './report-fields.ts';
import { type TestRun, testRuns } from './test-frames.ts';
import { readTraceFrames, type TraceReport } from './trace-frames.ts';

export type { At } from './frame-texts.ts';
export type { CpuidLeaf, HpetReport, PmTimerReport, Poll, RefCost } from './report-fields.ts';

const PROBE_STATES = ['registered', 'removed', 'never', 'unknown'] as const;
type ProbeState = (typeof PROBE_STATES)[number];

export interface ProbeReport {
  /** `begin`, `end` and every frame between arrived, and no two copies contradict each other. */
  readonly complete: boolean;
  readonly counts: FrameCounts;
  readonly transcriptEnd: number | null;
  readonly protocol: number | null;
  readonly beginNs: number | null;
  /** From `settled`; null if it never came or is not a state of the protocol. */
  readonly state: At<{ readonly state: ProbeState; readonly tNs: number }> | null;
  readonly polls: readonly At<Poll>[];
  readonly cmdline: At<string> | null;
  readonly uname: At<string> | null;
  readonly cpus: At<{ readonly present: string; readonly online: string }> | null;
  readonly cpu: At<{ readonly vendor: string; readonly model: string }> | null;
  readonly flags: At<readonly string[]> | null;
  /** CPUID 0x40000000; null signature: the guest sees no hypervisor. */
  readonly hypervisor: At<{ readonly signature: string | null; readonly maxLeaf: number | null }> | null;
  readonly cpuid: readonly At<CpuidLeaf>[];
  readonly acpi: At<readonly string[]> | null;
  readonly pmtimer: At<PmTimerReport> | null;
  readonly hpet: At<HpetReport> | null;
  readonly refcost: readonly At<RefCost>[];
  /** Empty where the probe was told not to measure the clock, or was older. */
  readonly rates: readonly At<ClockRate>[];
  readonly changes: readonly At<ClockChange | RefusedChange>[];
  readonly costs: readonly At<ClockCost>[];
  readonly orders: readonly At<ClockOrder>[];
  readonly config: readonly At<string>[];
  readonly dmesg: readonly At<string>[];
  /** Files that this kernel, or its configuration, does not offer; absent if there are none. */
  readonly unread?: readonly At<Unread>[];
  /** The user's own tests, as they were run; absent where there were none. */
  readonly tests?: readonly TestRun[];
  /** Of a guest that is traced. */
  readonly trace?: TraceReport;
  /** In place of dmesg: the checksums of the log that the console itself has shown. */
  readonly logsum: At<LogSum> | null;
}

/** Reads the report out of a console. Never throws: a console that holds none gives an empty, incomplete one. */
export function readFrames(lines: readonly ConsoleLine[], nonce: string, key?: string): ProbeReport {
  const { frames, counts, transcriptEnd } = collectFrames(lines, nonce, 'end', key);
  const joined = joinContinued(frames, 'beat');
  const texts = joined.map(({ kind, payload, lines: at }) => ({
    kind,
    value: unescapeText(payload),
    lines: at,
  }));
  const all = (kind: string): At<string>[] => texts.filter((t) => t.kind === kind);
  // The first probes had no other word for a log that could not be read.
  const log = all('dmesg');
  const noLog = log.length === 1 && log[0]?.value.startsWith('error=') ? log : [];
  const lacks = [
    ...every(all('unread'), unread),
    ...every(noLog, (text) => ({ file: '/dev/kmsg', error: text.slice('error='.length) })),
  ];
  const last = (kind: string): At<string> | null => all(kind).at(-1) ?? null;

  const begin = all('begin').at(0) ?? null;
  const beginFields = begin === null ? {} : pairs(begin.value);
  const settled = last('settled');
  const settledFields = settled === null ? {} : pairs(settled.value);
  const state = PROBE_STATES.find((s) => s === settledFields.state);

  const trace = readTraceFrames(texts);

  return {
    complete:
      transcriptEnd !== null &&
      counts.missing === 0 &&
      counts.conflicts === 0 &&
      frames[0]?.kind === 'begin' &&
      frames.at(-1)?.kind === 'end',
    counts,
    transcriptEnd,
    protocol: numbers(beginFields, 'protocol'),
    beginNs: numbers(beginFields, 'uptime_ns'),
    state:
      settled === null || state === undefined
        ? null
        : { value: { state, tNs: numbers(settledFields, 't_ns') ?? 0 }, lines: settled.lines },
    polls: every(all('poll'), poll),
    cmdline: last('cmdline'),
    uname: last('uname'),
    cpus: only(last('cpus'), (text) => {
      const fields = pairs(text);
      return { present: fields.present ?? '', online: fields.online ?? '' };
    }),
    cpu: only(last('cpu'), (text) => {
      const match = /^vendor=(\S*) model=(.*)$/.exec(text);
      return match === null ? null : { vendor: match[1] ?? '', model: match[2] ?? '' };
    }),
    flags: only(last('flags'), (text) => text.split(/\s+/).filter((flag) => flag !== '')),
    hypervisor: only(last('hypervisor'), (text) => {
      const match = /^signature=(.*?)(?: max_leaf=(0x[0-9a-f]{1,8}))?$/i.exec(text);
      if (match === null) return null;
      const signature = match[1] === 'none' ? null : withoutZeros(match[1] ?? '');
      return { signature, maxLeaf: match[2] === undefined ? null : Number(match[2]) };
    }),
    cpuid: every(all('cpuid'), cpuidLeaf),
    acpi: only(last('acpi'), (text) => splitList(pairs(text).tables ?? '')),
    pmtimer: only(last('pmtimer'), pmTimer),
    hpet: only(last('hpet'), hpetTimer),
    refcost: every(all('refcost'), refCost),
    rates: every(all('rate'), clockRate),
    changes: every(all('change'), clockChange),
    costs: every(all('cost'), clockCost),
    orders: every(all('order'), clockOrder),
    config: all('config'),
    dmesg: noLog.length > 0 ? [] : log,
    ...(lacks.length > 0 ? { unread: lacks } : {}),
    ...(key === undefined ? {} : { tests: testRuns(joined) }),
    ...(trace === null ? {} : { trace }),
    logsum: only(last('logsum'), logSum),
  };
}

/** An expression for it would take time by the square of the text's length. */
function withoutZeros(text: string): string {
  let end = text.length;
  while (text.endsWith('\\x00', end)) end -= 4;
  return text.slice(0, end);
}

function every<T>(texts: readonly At<string>[], read: (text: string) => T | null): At<T>[] {
  return texts.flatMap((text) => {
    const value = read(text.value);
    return value === null ? [] : [{ value, lines: text.lines }];
  });
}

function only<T>(text: At<string> | null, read: (text: string) => T | null): At<T> | null {
  return text === null ? null : (every([text], read)[0] ?? null);
}
