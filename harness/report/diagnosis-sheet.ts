/** What a diagnosis, or a comparison of two logs, shows in every form: sentences, fields, cited lines, and the logs themselves. */
import type { LogLine } from '../evidence/log-lines.ts';
import type { Boots } from '../evidence/pasted/boots.ts';
import type { LogComparison, LogDifference } from '../verdict/compare-logs.ts';
import type { Citation, Diagnosis } from '../verdict/types.ts';

/** What the text is, beside what it says. */
export interface TextNotes {
  readonly boots?: Boots;
  /** The first line, where nothing was recognised. */
  readonly first?: { readonly n: number; readonly text: string; readonly prefix: string };
  /** Which file of a folder or an archive was read, and why. */
  readonly found?: string;
}

export type Tone = 'bad' | 'good' | 'warn' | 'plain' | null;

export interface Entry {
  /** "line 5", "missing"; in a comparison with the side before it. */
  readonly where: string;
  readonly text: string;
  readonly shows: string;
}

export interface SheetLog {
  readonly title: string;
  readonly lines: readonly Pick<LogLine, 'n' | 'shown'>[];
  /** What lines show, by their numbers. */
  readonly marks: ReadonlyMap<number, string>;
}

export interface Sheet {
  readonly heading: string;
  readonly summary: string;
  readonly notes: readonly string[];
  /** Names of the sides; empty where there is one. */
  readonly sides: readonly string[];
  readonly fields: readonly {
    readonly name: string;
    readonly values: readonly string[];
    readonly tone: Tone;
  }[];
  readonly sections: readonly { readonly title: string; readonly entries: readonly (Entry | string)[] }[];
  readonly logs: readonly SheetLog[];
}

export function diagnosisSheet(
  d: Diagnosis,
  notes: TextNotes,
  heading = 'Diagnosis',
  lines: SheetLog['lines'] = [],
): Sheet {
  const field = (name: string, value: string, tone: Tone = null) => ({ name, values: [value], tone });
  const marks = new Map(d.evidence.filter((e) => e.line > 0).map((e) => [e.line, e.shows]));
  return {
    heading,
    summary: d.summary,
    notes: noteTexts(notes),
    sides: [],
    fields: [
      field('registration', d.registration, /never|unstable/.test(d.registration) ? 'bad' : 'plain'),
      field('current', d.current ?? 'not known'),
      field('available', d.available?.join(' ') ?? 'not known'),
      field('cause', d.cause, d.cause === 'none' ? 'good' : 'warn'),
      field('confidence', d.confidence),
    ],
    sections: [
      { title: 'What shows it', entries: d.evidence.map((e) => citation(e)) },
      { title: 'What it is not', entries: d.not },
      { title: 'Next', entries: d.next },
    ],
    logs: lines.length === 0 ? [] : [{ title: 'The log', lines, marks }],
  };
}

function citation({ line, text, shows }: Citation): Entry {
  return { where: line > 0 ? `line ${line}` : 'missing', text, shows };
}

function noteTexts({ boots, first, found }: TextNotes): string[] {
  const which = boots?.chosen === boots?.count ? 'the last' : `number ${boots?.chosen}`;
  const prefix =
    first?.prefix === '' ? 'nothing was taken for a prefix' : `taken for its prefix: ${first?.prefix}`;
  return [
    ...(found === undefined ? [] : [found]),
    ...(boots === undefined
      ? []
      : [
          `${boots.count} boots${boots.host === undefined ? '' : ' of several machines'}; ${which}, from line ${boots.line}${boots.host === undefined ? '' : `, of ${boots.host}`} (--boot N for another)`,
        ]),
    ...(first === undefined ? [] : [`line ${first.n} is the first: ${first.text.slice(0, 200)}`, prefix]),
  ];
}

/** `names`: of the two texts; `lines`: of their logs. */
export function comparisonSheet(
  comparison: LogComparison,
  names: readonly [string, string],
  notes: readonly [TextNotes, TextNotes],
  lines: readonly [SheetLog['lines'], SheetLog['lines']],
): Sheet {
  const { matters, others } = comparison;
  const entry = ({ side, line, text, shows }: LogDifference): Entry => ({
    where: `${SIDES[side]}, line ${line}`,
    text,
    shows,
  });
  const logOf = (side: 0 | 1): SheetLog => ({
    title: `${SIDES[side]}: ${names[side]}`,
    lines: lines[side],
    marks: new Map([...others, ...matters].filter((d) => d.side === side).map((d) => [d.line, d.shows])),
  });
  return {
    heading: 'Comparison of two logs',
    summary: comparison.summary,
    notes: notes.flatMap((one, side) => noteTexts(one).map((text) => `${SIDES[side]}: ${text}`)),
    sides: names.map((name, side) => `${SIDES[side]} ${name}`),
    fields: comparison.fields.map(({ name, values }) => ({ name, values, tone: null })),
    sections: [
      { title: 'What differs and matters', entries: matters.map(entry) },
      { title: 'What else differs about clocks', entries: others.map(entry) },
      { title: 'The rest', entries: comparison.rest === null ? [] : [comparison.rest] },
    ],
    logs: [logOf(0), logOf(1)].filter((log) => log.lines.length > 0),
  };
}
const SIDES = ['A', 'B'] as const;

export type Shown =
  | { readonly n: number; readonly text: string; readonly shows: string | null }
  | { readonly gap: number };

/** Lines of a log within `reach` of a marked one; `gap` is how many are left out. */
export function excerpt({ lines, marks }: SheetLog, reach: number): Shown[] {
  const near = lines.map(({ n }) => marks.has(n));
  const wide = near.map((_, i) => near.slice(Math.max(0, i - reach), i + reach + 1).includes(true));
  const out: Shown[] = [];
  let gap = 0;
  const close = (): void => {
    if (gap > 0) out.push({ gap });
    gap = 0;
  };
  lines.forEach(({ n, shown }, i) => {
    if (wide[i] !== true) {
      gap += 1;
      return;
    }
    close();
    out.push({ n, text: shown, shows: marks.get(n) ?? null });
  });
  close();
  return out;
}
