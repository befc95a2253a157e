/** A failing log beside a healthy one: which lines differ, and which of these the two diagnoses rest on. Pure. */
import type { Facts } from '../evidence/facts/types.ts';
import type { LogLine } from '../evidence/log-lines.ts';
import { isMessage } from '../evidence/messages.ts';
import { contextOf, type DiagnoseInput } from './context.ts';
import { type Citation, REFINED_LINE } from './deduction.ts';
import { diagnose } from './diagnose.ts';
import { registrationOf } from './registration.ts';
import type { Diagnosis } from './types.ts';

export interface LogSide extends DiagnoseInput {
  readonly lines: readonly LogLine[];
}

export interface LogDifference {
  /** The log that has the line: 0 or 1. */
  readonly side: 0 | 1;
  readonly line: number;
  readonly text: string;
  /** What it shows, where a diagnosis rests on it; else empty. */
  readonly shows: string;
}

export interface LogComparison {
  readonly diagnoses: readonly [Diagnosis, Diagnosis];
  /** Which is the failing one; null where both fare alike. */
  readonly failing: 0 | 1 | null;
  readonly summary: string;
  /** Lines of one log alone that its diagnosis rests on, the telling one first. */
  readonly matters: readonly LogDifference[];
  /** Other messages on clocks of one log alone. */
  readonly others: readonly LogDifference[];
  /** What the texts say of the machines, where it differs, and how each ended. */
  readonly fields: readonly { readonly name: string; readonly values: readonly [string, string] }[];
  /** A sentence on lines that differ and are not shown. */
  readonly rest: string | null;
}

/** Figures, addresses and names of devices differ from boot to boot; a message that differs in these alone is the same. */
export function normalForm(message: string): string {
  return message
    .replaceAll(/0x[0-9a-f]+|(?<![\w])[0-9a-f]{2}(?::[0-9a-f]{2})+|\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi, '#')
    .replaceAll(/\d+(?:[.,:]\d+)*/g, '#')
    .replaceAll(/[-+]#/g, '#')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** How it fares: not at all, not known, registered with a fault, well. */
function fare({ registration, cause }: Diagnosis): number {
  if (registration === 'never' || registration === 'unstable') return 0;
  if (registration === 'undetermined') return 1;
  return cause === 'none' || cause === 'outranked' ? 3 : 2;
}

const CLOCKS = /\btsc\b|clocksource|\bhpet|pm-?timer|kvm-clock|sched_clock|hypervisor/i;
const FORM_OF_REFINED = normalForm(REFINED_LINE.replace(/ \.\.\. MHz$/, ''));

export function compareLogs(a: LogSide, b: LogSide): LogComparison {
  const sides = [a, b] as const;
  const diagnoses = [diagnose(a), diagnose(b)] as const;
  const [fareA, fareB] = [fare(diagnoses[0]), fare(diagnoses[1])];
  const failing = fareA === fareB ? null : fareA < fareB ? 0 : 1;
  const only = ([0, 1] as const).map((side) => onlyIn(sides[side], sides[1 - side] as LogSide));
  const differences = (side: 0 | 1, shows: ReadonlyMap<number, string>): LogDifference[] =>
    (only[side] ?? [])
      .filter(({ n, text }) => shows.has(n) || CLOCKS.test(text) || isMessage(text))
      .map(({ n, shown }) => ({ side, line: n, text: shown, shows: shows.get(n) ?? '' }));
  const all = ([0, 1] as const).flatMap((side) =>
    differences(
      side,
      side === failing || failing === null ? cited(diagnoses[side].evidence) : cited(ended(sides[side])),
    ),
  );
  const weight = (d: LogDifference): number => (d.side === failing ? 0 : isRefined(d.text) ? 1 : 2);
  const matters = all.filter(({ shows }) => shows !== '').toSorted((x, y) => weight(x) - weight(y));
  const shown = new Set(all.map(({ side, line }) => `${side} ${line}`));
  const left = only.map((lines, side) => lines.filter(({ n }) => !shown.has(`${side} ${n}`)).length);
  return {
    diagnoses,
    failing,
    summary: summaryOf(diagnoses, failing, matters[0], fareA === fareB),
    matters,
    others: all.filter(({ shows }) => shows === ''),
    fields: fieldsOf(sides, diagnoses),
    rest:
      left[0] === 0 && left[1] === 0
        ? null
        : `Of other things, ${left[0]} lines stand in A alone and ${left[1]} in B alone; lines that differ in figures alone count as the same.`,
  };
}

const ended = (side: LogSide): readonly Citation[] => registrationOf(contextOf(side)).evidence;
const cited = (citations: readonly Citation[]): Map<number, string> =>
  new Map(citations.filter(({ line }) => line > 0).map(({ line, shows }) => [line, shows]));
const isRefined = (text: string): boolean => normalForm(text).includes(FORM_OF_REFINED);

/** Lines of a log whose message the other log lacks, each message once. Lists and commands are no messages. */
function onlyIn({ lines, facts }: LogSide, other: LogSide): LogLine[] {
  const seen = new Set(other.lines.map(({ text }) => normalForm(text)));
  const typed = new Set([facts.available, facts.current, ...facts.commands].map((one) => one?.line));
  return lines.filter(({ n, text }) => {
    const form = normalForm(text);
    if (form === '' || typed.has(n) || seen.has(form)) return false;
    seen.add(form);
    return true;
  });
}

function summaryOf(
  diagnoses: readonly [Diagnosis, Diagnosis],
  failing: 0 | 1 | null,
  first: LogDifference | undefined,
  alike: boolean,
): string {
  const said = (side: 0 | 1): string => {
    const { registration, cause } = diagnoses[side];
    return cause === 'none' || cause === 'undetermined' ? registration : `${registration}, ${cause}`;
  };
  if (failing === null)
    return diagnoses[0].registration === diagnoses[1].registration && alike
      ? `Both logs end alike (A: ${said(0)}; B: ${said(1)}), so no difference between them tells a failing one from a healthy one.`
      : `Neither log is the healthy one (A: ${said(0)}; B: ${said(1)}).`;
  const [bad, good] = failing === 0 ? (['A', 'B'] as const) : (['B', 'A'] as const);
  const how = `${bad} is the failing log (${said(failing)}), ${good} the healthy one (${said(failing === 0 ? 1 : 0)}).`;
  if (first === undefined) return `${how} No line that either diagnosis rests on stands in one log alone.`;
  const owner = first.side === failing ? bad : good;
  const lacks = owner === bad ? good : bad;
  return `${how} What matters: ${owner} has "${messageOf(first.text)}" (line ${first.line}), and ${lacks} does not.`;
}

/** Without the stamp in front: it says nothing here. */
const messageOf = (shown: string): string => shown.replace(/^\[ *\d+\.\d+\] */, '').slice(0, 160);

const CLOCK_PARAMETER =
  /^(?:notsc|no-?hpet|hpet=|tsc|clock|pmtmr|acpi|no_?kvm|no-kvmclock|initcall_blacklist|nohz|processor|intel_idle|idle)/;

function fieldsOf(
  sides: readonly [LogSide, LogSide],
  diagnoses: readonly [Diagnosis, Diagnosis],
): LogComparison['fields'] {
  const pair = (
    name: string,
    of: (facts: Facts, d: Diagnosis) => string | null | undefined,
  ): LogComparison['fields'][number] => ({
    name,
    values: [0, 1].map((at) => {
      const [side, d] = [sides[at as 0 | 1], diagnoses[at as 0 | 1]];
      return of(side.facts, d) || 'not known';
    }) as [string, string],
  });
  const always = [
    pair('registration', (_, d) => d.registration),
    pair('cause', (_, d) => d.cause),
    pair('confidence', (_, d) => d.confidence),
  ];
  const where = [
    pair('kernel', (f) => f.kernel?.release),
    pair('hypervisor', (f) => f.hypervisor?.name),
    pair('parameters', (f) =>
      f.commandLine === null
        ? null
        : f.parameters.filter((p) => CLOCK_PARAMETER.test(p)).join(' ') || 'none on clocks',
    ),
    pair('TSC', (f) => megahertz((f.refined.at(-1) ?? f.detected.at(-1))?.khz)),
    pair('PM timer', (f) => (f.references.pmTimer === null ? 'not in the text' : 'there')),
    pair('HPET', (f) => (f.references.hpet === null ? 'not in the text' : 'there')),
    pair('available', (_, d) => d.available?.join(' ')),
    pair('current', (_, d) => d.current),
  ];
  return [...always, ...where.filter(({ values: [x, y] }) => x !== y)];
}

const megahertz = (khz: number | undefined): string | null =>
  khz === undefined ? null : `${(khz / 1000).toFixed(3)} MHz`;
