/**
 * What a guest's kernel is asked to trace from its boot on: the setting's language, and its two forms for the kernel. Pure.
 * A kernel has bootconfig (5.6, CONFIG_BOOT_CONFIG and CONFIG_BOOTTIME_TRACING) or has it not, and nobody knows before it is
 * booted: it gets the trailer and the parameters that older kernels have. What comes twice is taken once: docs/traces.md.
 */
import { z } from 'zod';
import { refused } from './names.ts';
import { strict } from './schema-parts.ts';

/** What one item of a trace may be, in the order of its text. */
const KINDS = ['preset', 'event', 'function', 'kprobe', 'kretprobe', 'dyndbg', 'keep'] as const;
type Kind = (typeof KINDS)[number];

interface Item {
  readonly kind: Kind;
  readonly text: string;
}

const SYMBOL = '[A-Za-z_][\\w.]*';
const RULES: Readonly<Record<Kind, { readonly test: RegExp; readonly what: string }>> = {
  preset: { test: /^refinement$/, what: 'refinement' },
  event: { test: /^[\w-]+:[\w*?-]+(?: if .+)?$/, what: 'GROUP:EVENT, or GROUP:EVENT if FILTER' },
  function: { test: /^[A-Za-z_*?][\w.*?]*$/, what: 'the name of a function, or a glob' },
  kprobe: {
    test: new RegExp(`^${SYMBOL}(?:\\+\\w+)?(?: \\S+)*$`),
    what: 'FUNCTION, or FUNCTION ARGUMENT...',
  },
  kretprobe: { test: new RegExp(`^${SYMBOL}(?: \\S+)*$`), what: 'FUNCTION, or FUNCTION ret=$retval' },
  dyndbg: { test: /^\S.*$/, what: 'a query such as file tsc.c +p' },
  keep: { test: /^\S.*$/, what: 'a text that a line of the trace holds' },
};

/** The work and its samples: arch/x86/kernel/tsc.c. Nothing of it is within the time that a sample takes. */
const PRESETS: Readonly<Record<string, readonly Item[]>> = {
  refinement: [
    { kind: 'event', text: 'workqueue:workqueue_execute_start' },
    { kind: 'kprobe', text: 'tsc_refine_calibration_work' },
    { kind: 'kretprobe', text: 'tsc_read_refs ret=$retval:x64' },
    { kind: 'keep', text: 'tsc_refine_calibration_work' },
    { kind: 'keep', text: 'tsc_read_refs' },
  ],
};

/** `refinement`, or KIND=TEXT;KIND=TEXT. */
function itemsOf(text: string): Item[] {
  return text.split(';').map((part): Item => {
    const [, kind, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/s.exec(part) ?? [];
    return kind !== undefined && (KINDS as readonly string[]).includes(kind)
      ? { kind: kind as Kind, text: value ?? '' }
      : { kind: 'preset', text: part.trim() };
  });
}

const CHARS = /^[\x20-\x7e]*$/;

/** What is wrong with the text of a trace, or undefined. */
export function traceFault(text: string): string | undefined {
  // A double quote would end the text in bootconfig and on a command line; a comma is the kernel's space in kprobe_event=.
  if (!CHARS.test(text) || text.includes('"')) return 'must be printable ASCII without double quotes';
  for (const { kind, text: one } of itemsOf(text)) {
    if (!RULES[kind].test.test(one))
      return kind === 'preset'
        ? `${JSON.stringify(one)} is no preset (refinement) and no item such as event=, function=, kprobe=, kretprobe=, dyndbg= or keep=`
        : `${kind} must be ${RULES[kind].what}`;
    if (one.includes(',') && (kind === 'kprobe' || kind === 'kretprobe'))
      return `${kind} cannot hold a comma`;
  }
  return undefined;
}

const listed = (kind: Kind) =>
  z
    .array(
      z
        .string()
        .max(300)
        .check(
          refused<string>((text) =>
            text.includes(';') ? `${kind} cannot hold a semicolon` : traceFault(`${kind}=${text}`),
          ),
        ),
    )
    .min(1);

const traceMap = strict({
  preset: z.literal('refinement').describe('What the harness knows to look at.').optional(),
  events: listed('event').describe('Trace events: GROUP:EVENT, or GROUP:EVENT if FILTER.').optional(),
  functions: listed('function').describe('Functions or globs for the function tracer.').optional(),
  kprobes: listed('kprobe').describe('FUNCTION and arguments, as in kprobetrace.rst.').optional(),
  kretprobes: listed('kretprobe')
    .describe('FUNCTION and what of its return, such as ret=$retval.')
    .optional(),
  dyndbg: z
    .string()
    .max(300)
    .check(refused<string>((text) => (text.includes(';') ? undefined : traceFault(`dyndbg=${text}`))))
    .describe('A query of dynamic debug; its messages come in the log.')
    .optional(),
  keep: listed('keep').describe('Only lines of the trace that hold one of these are reported.').optional(),
});

export const traceSchema = z
  .union(
    [
      z
        .string()
        .max(1000)
        .check(refused<string>((text) => traceFault(text))),
      traceMap,
    ],
    {
      error: 'must be refinement, none, or a map with events, functions, kprobes, kretprobes, dyndbg, keep',
    },
  )
  .describe(
    'What the kernel traces from its boot on: refinement, or events, functions, kprobes, kretprobes, dyndbg.',
  );

const KEYS: readonly (readonly [keyof z.infer<typeof traceMap>, Kind])[] = [
  ['preset', 'preset'],
  ['events', 'event'],
  ['functions', 'function'],
  ['kprobes', 'kprobe'],
  ['kretprobes', 'kretprobe'],
  ['dyndbg', 'dyndbg'],
  ['keep', 'keep'],
];

/** The one text of a trace, in ids, filters and records. */
export function traceOf(raw: unknown): string {
  const items =
    typeof raw === 'string'
      ? itemsOf(raw)
      : KEYS.flatMap(([key, kind]) =>
          [(raw as z.infer<typeof traceMap>)[key] ?? []].flat().map((text): Item => ({ kind, text })),
        );
  return items.map(({ kind, text }) => (kind === 'preset' ? text : `${kind}=${text}`)).join(';');
}

/** A function that is probed, and what it is called in the trace. */
interface Probe {
  readonly name: string;
  readonly kind: 'kprobe' | 'kretprobe';
  readonly function: string;
  readonly args: string;
}

export interface Trace {
  readonly events: readonly {
    readonly group: string;
    readonly event: string;
    readonly filter: string | null;
  }[];
  readonly functions: readonly string[];
  readonly probes: readonly Probe[];
  readonly dyndbg: readonly string[];
  /** Empty: every line is reported. */
  readonly keep: readonly string[];
}

/** What the text of a trace asks for, presets taken apart. */
export function readTrace(text: string): Trace {
  const given = itemsOf(text);
  const items = given.flatMap((item) => (item.kind === 'preset' ? (PRESETS[item.text] ?? []) : [item]));
  const of = (kind: Kind, among: readonly Item[] = items): string[] =>
    among.flatMap((item) => (item.kind === kind ? [item.text] : []));
  // What a user asks for beside a preset is not to be lost by the preset's own choice of lines.
  const own = given.some(({ kind }) => kind !== 'preset' && kind !== 'dyndbg');
  return {
    events: of('event').map((one) => {
      const [, group = '', event = '', filter] = /^([\w-]+):(\S+)(?: if (.+))?$/.exec(one) ?? [];
      return { group, event, filter: filter ?? null };
    }),
    functions: of('function'),
    probes: items.flatMap(({ kind, text: one }, index): Probe[] => {
      if (kind !== 'kprobe' && kind !== 'kretprobe') return [];
      const [place = '', ...args] = one.split(' ');
      const twice = items.findIndex((other) => other.kind === kind && other.text.split(' ')[0] === place);
      const name = `${kind === 'kprobe' ? 'p' : 'r'}_${place.replaceAll(/\W/g, '_')}`;
      return [
        { name: twice === index ? name : `${name}_${index}`, kind, function: place, args: args.join(' ') },
      ];
    }),
    dyndbg: of('dyndbg'),
    keep: own ? of('keep', given) : of('keep'),
  };
}

/**
 * Words of the kernel's command line: trace_event= (2.6.31), ftrace= and ftrace_filter= (2.6.31), kprobe_event= (5.1), dyndbg=
 * (3.4); Documentation/admin-guide/kernel-parameters.txt.
 */
export function traceWords(text: string): string[] {
  if (text === '') return [];
  const { events, functions, probes, dyndbg } = readTrace(text);
  const commands = probes.map(({ name, kind, function: place, args }) =>
    [`${kind === 'kprobe' ? 'p' : 'r'}:${name}`, place, ...args.split(' ')]
      .filter((one) => one !== '')
      .join(','),
  );
  return [
    'bootconfig',
    ...(events.length === 0
      ? []
      : [`trace_event=${events.map(({ group, event }) => `${group}:${event}`).join(',')}`]),
    ...(functions.length === 0 ? [] : ['ftrace=function', `ftrace_filter=${functions.join(',')}`]),
    ...(commands.length === 0 ? [] : [`kprobe_event=${commands.join(';')}`]),
    ...dyndbg.map((query) => `dyndbg="${query}"`),
  ];
}

/** The text of the trailer: Documentation/trace/boottime-trace.rst. */
export function traceBootconfig(text: string): string {
  if (text === '') return '';
  const { events, functions, probes } = readTrace(text);
  const lines = [
    ...events.flatMap(({ group, event, filter }) => [
      `ftrace.event.${group}.${event}.enable`,
      ...(filter === null ? [] : [`ftrace.event.${group}.${event}.filter = "${filter}"`]),
    ]),
    ...probes.flatMap(({ name, kind, function: place, args }) => [
      // FUNCTION%return is a kretprobe: kernel/trace/trace_kprobe.c, 5.10 on.
      `ftrace.event.kprobes.${name}.probes = "${[kind === 'kretprobe' ? `${place}%return` : place, args].join(' ').trim()}"`,
      `ftrace.event.kprobes.${name}.enable`,
    ]),
    ...(functions.length === 0
      ? []
      : [
          'ftrace.tracer = function',
          `ftrace.ftrace.filters = ${functions.map((one) => `"${one}"`).join(', ')}`,
        ]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** What the probe is told: which lines it reports, and which functions it is to explain if they were not probed. */
export function traceRequest(text: string): string {
  const { keep, probes } = readTrace(text);
  const functions = [...new Set(probes.map(({ function: place }) => place.replace(/\+.*/, '')))];
  return [...keep.map((one) => `keep ${one}\n`), ...functions.map((one) => `probe ${one}\n`)].join('');
}
