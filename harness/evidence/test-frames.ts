/** The frames of the user's tests (docs/probe-protocol.md): how each ended, and what it wrote. */
import { type FrameText, unescapeBytes, unescapeText } from './frame-texts.ts';
import { numbers, pairs } from './report-fields.ts';

const ENDS = ['exit', 'signal', 'timeout', 'flood', 'unstarted'] as const;

export interface TestRun {
  /** Its place in the list of tests. */
  readonly n: number;
  readonly name: string;
  /** Null: no end came, the guest died in it. */
  readonly end: {
    readonly how: (typeof ENDS)[number];
    /** Exit code or number of the signal. */
    readonly code: number;
    /** Guest time. */
    readonly ns: number;
    /** All that it wrote, also what was not kept. */
    readonly bytes: number;
    /** Of one that could not be started. */
    readonly error: string;
  } | null;
  readonly out: string;
  readonly err: string;
  /** The console's line that each line of `out` began in, for citations. */
  readonly outLines: readonly number[];
  /** Console lines of its own frames: where it begins, and where it ends. */
  readonly lines: readonly number[];
}

interface Stream {
  text: string;
  lines: number[];
}

/** In the order of their numbers. A second frame of one kind and test counts for nothing. */
export function testRuns(texts: readonly FrameText[]): TestRun[] {
  const runs = new Map<
    number,
    { name: string; end: TestRun['end']; lines: number[]; out: Stream; err: Stream }
  >();
  for (const { kind, payload, lines } of texts) {
    if (kind === 'test') {
      const n = numberOf(payload);
      const name = unescapeText(/ name=(.*)$/.exec(payload)?.[1] ?? '');
      if (n !== null && !runs.has(n))
        runs.set(n, {
          name,
          end: null,
          lines: [...lines],
          out: { text: '', lines: [] },
          err: { text: '', lines: [] },
        });
    } else if (kind === 'testend') {
      const run = runs.get(numberOf(payload) ?? -1);
      if (run !== undefined && run.end === null) {
        run.end = endOf(payload);
        run.lines.push(...lines);
      }
    } else if (kind === 'testout' || kind === 'testerr') {
      const [, n = '', bytes = ''] = /^(\d{1,6}) (.*)$/s.exec(payload) ?? [];
      const run = n === '' ? undefined : runs.get(Number(n));
      if (run !== undefined && run.end === null)
        append(kind === 'testout' ? run.out : run.err, bytes, lines[0] ?? 0);
    }
  }
  return [...runs]
    .toSorted(([a], [b]) => a - b)
    .map(([n, { name, end, lines, out, err }]) => ({
      n,
      name,
      end,
      out: Buffer.from(out.text, 'latin1').toString('utf8'),
      err: Buffer.from(err.text, 'latin1').toString('utf8'),
      outLines: out.lines,
      lines,
    }));
}

/** Bytes as latin1, since a chunk may end within a character. */
function append(stream: Stream, payload: string, line: number): void {
  const text = Buffer.from(unescapeBytes(payload)).toString('latin1');
  if (stream.text === '' || stream.text.endsWith('\n')) stream.lines.push(line);
  const starts = text.split('\n').length - 1 - (text.endsWith('\n') ? 1 : 0);
  for (let i = 0; i < starts; i++) stream.lines.push(line);
  stream.text += text;
}

function numberOf(payload: string): number | null {
  return numbers(pairs(payload), 'n');
}

function endOf(payload: string): TestRun['end'] {
  const fields = pairs(payload);
  const how = ENDS.find((end) => end === fields.how);
  const error = unescapeText(/ error=(.*)$/.exec(payload)?.[1] ?? '');
  const value = (name: string): number => numbers(fields, name) ?? 0;
  return how === undefined
    ? null
    : { how, code: value('code'), ns: value('ns'), bytes: value('bytes'), error };
}
