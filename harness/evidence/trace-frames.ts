/** What the probe reports of the kernel's trace (docs/traces.md): its lines, and why there are none of what was asked. */
import type { At } from './frame-texts.ts';
import { numbers, pairs } from './report-fields.ts';

/** A function that was to be probed and is not. */
interface NotProbed {
  readonly name: string;
  /** Its symbol, or what the compiler made of it (NAME.isra.0); null: inlined, or not in this kernel. */
  readonly symbol: string | null;
  /** Whether ftrace knows it: what is compiled without -pg is refused to kprobes (CONFIG_KPROBE_EVENTS_ON_NOTRACE). */
  readonly traceable: boolean;
  readonly kprobes: boolean;
}

export interface TraceReport {
  readonly lines: readonly At<string>[];
  /** As /sys/kernel/tracing/kprobe_events has them. */
  readonly probes: readonly string[];
  /** The kernel's words on what it refused. */
  readonly errors: readonly string[];
  readonly notProbed: readonly NotProbed[];
  /** There is no tracefs in this guest; the error. */
  readonly none: string | null;
  /** Lines that nobody asked for, and lines that the probe's limit cut off. */
  readonly others: number;
  readonly cut: number;
  /** "entries-in-buffer/entries-written: 75/75". */
  readonly entries: string | null;
}

/** Null if no frame is about a trace. */
export function readTraceFrames(
  texts: readonly (At<string> & { readonly kind: string })[],
): TraceReport | null {
  const of = (kind: string): At<string>[] => texts.filter((text) => text.kind === kind);
  const values = (kind: string): string[] => of(kind).map(({ value }) => value);
  const info = values('traceinfo');
  const lines = of('trace').map(({ value, lines: at }) => ({ value, lines: at }));
  if (lines.length + info.length === 0) return null;
  const counts = pairs(info.find((text) => text.startsWith('sent=')) ?? '');
  return {
    lines,
    probes: values('traceprobe'),
    errors: errorsOf(values('traceerror')),
    notProbed: values('tracefunc')
      .map(pairs)
      .map((fields) => ({
        name: fields.name ?? '',
        symbol: fields.symbol === undefined || fields.symbol === 'none' ? null : fields.symbol,
        traceable: fields.traceable !== undefined && fields.traceable !== 'none',
        kprobes: fields.kprobes === 'yes',
      })),
    none: info.find((text) => text.startsWith('error='))?.slice('error='.length) ?? null,
    others: numbers(counts, 'others') ?? 0,
    cut: numbers(counts, 'cut') ?? 0,
    entries: info.find((text) => text.startsWith('entries-in-buffer')) ?? null,
  };
}

/** Each is a message, the command and a caret below it. A probe that bootconfig has made, asked for again on the command line, is no error. */
function errorsOf(lines: readonly string[]): string[] {
  let again = false;
  return lines.filter((line) => {
    if (!line.startsWith(' ')) again = line.includes('exact same probe');
    return !again && !/^ *\^?$/.test(line);
  });
}

/** What lacks, a sentence each, with the remedy; empty if all that was asked for came. */
export function traceLacks({ none, notProbed, cut, entries }: TraceReport): string[] {
  if (none !== null)
    return [
      `no trace: this kernel has no tracefs (${none}); build it with trace: on, or with images/kernels/trace.config`,
    ];
  const [, held, written] = /(\d+)\/(\d+)/.exec(entries ?? '') ?? [];
  const lost = Number(written ?? 0) - Number(held ?? 0);
  return [
    ...notProbed.map(({ name, symbol, traceable, kprobes }) => {
      const what = `${name} is not probed:`;
      if (!kprobes) return `${what} this kernel has no kprobe events (CONFIG_KPROBE_EVENTS)`;
      if (symbol === null) return `${what} the compiler has inlined it, or this kernel has no such function`;
      if (symbol !== name) return `${what} the compiler has made ${symbol} of it`;
      return traceable
        ? `${what} the kernel refused it, or its kprobe_event= is not known (before 5.1)`
        : `${what} it is compiled without ftrace's calls, and this kernel refuses kprobes there (CONFIG_KPROBE_EVENTS_ON_NOTRACE)`;
    }),
    ...(lost > 0 ? [`${lost} entries were overwritten in the kernel's buffer`] : []),
    ...(cut > 0 ? [`${cut} lines are beyond what the probe reports of a trace`] : []),
  ];
}
