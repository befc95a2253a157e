/** From `--reporter NAME[=FILE]` to reporters. */
import { UserError } from '../base/errors.ts';
import { hasColours } from '../host/colour.ts';
import { everySecond } from '../host/progress-line.ts';
import { fileSink, type OutputStream, type Sink, streamSink } from '../host/sink.ts';
import { applyEvent, newRunView, type RunView } from '../record/run-view.ts';
import { kcidbOptions } from './kcidb/kcidb.ts';
import { linesReporter } from './live/lines.ts';
import { liveReporter } from './live/live.ts';
import type { Reporter } from './reporter.ts';
import { type Look, loadEarly, RENDERERS, REPORTER_NAMES } from './reporters.ts';

export interface ReporterOptions {
  readonly stdout?: OutputStream;
  readonly stderr?: OutputStream;
  /** For NO_COLOR, FORCE_COLOR, TERM and the locale. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** --json: the JSON document on stdout, in place of the table. */
  readonly json?: boolean;
  /** Whether to add live or lines on stderr if none was asked for; a stored record has no progress to show. */
  readonly progress?: boolean;
  readonly nowMs?: () => number;
}

interface Spec {
  readonly name: string;
  readonly file: string | undefined;
}

/**
 * The reporters that were asked for. Without one on stderr, live or lines is added; without one on stdout, the
 * table; "none" adds neither. Throws UserError for an unknown name and for a file that cannot be written.
 */
export function makeReporters(specs: readonly string[], options: ReporterOptions = {}): Reporter[] {
  const { stdout = process.stdout, stderr = process.stderr, env = process.env } = options;
  const asked = specs.map(parseSpec);
  checkFiles(asked);
  const quiet = asked.some((spec) => spec.name === 'none');
  const onStdout = asked
    .filter((spec) => spec.file === undefined && spec.name in RENDERERS)
    .map((spec) => spec.name);
  if (options.json === true && !onStdout.includes('json')) onStdout.push('json');
  if (onStdout.length > 1) {
    throw new UserError(
      `${onStdout.join(' and ')} cannot both be written to stdout`,
      'give all but one a file: --reporter NAME=FILE',
    );
  }
  if (onStdout.length === 0 && !quiet) onStdout.push('table');
  const watching = asked.filter(
    (spec) => spec.name === 'live' || (spec.name === 'lines' && spec.file === undefined),
  );
  if (watching.length > 1)
    throw new UserError('live and lines cannot both be shown on stderr', 'choose one of them');
  if (watching.length === 0 && !quiet && options.progress !== false) {
    watching.push({
      name: stderr.isTTY === true && env.TERM !== 'dumb' ? 'live' : 'lines',
      file: undefined,
    });
  }

  const collect = (name: string, sink: Sink): Reporter[] => {
    const row = RENDERERS[name];
    if (row === undefined) return [];
    const renderer = loadEarly(row.load);
    // Bad variables are told of before the run begins, not after it, and only if they count.
    const kcidb = kcidbOptions(name === 'kcidb' ? env : {});
    const look = (): Omit<Look, 'dir'> => ({
      colour: hasColours(sink.isTty, env),
      unicode: speaksUnicode(env),
      columns: sink.columns,
      kcidb,
    });
    return [collectingReporter(name, sink, async (view, dir) => (await renderer)(view, { ...look(), dir }))];
  };
  return [
    ...watching.map(({ name }) =>
      name === 'live'
        ? liveReporter(stderr, {
            colour: hasColours(stderr.isTTY, env),
            ...(options.nowMs === undefined ? {} : { nowMs: options.nowMs }),
          })
        : linesReporter(streamSink(stderr), options.nowMs, everySecond),
    ),
    ...asked.flatMap(({ name, file }) => {
      if (file === undefined) return [];
      const sink = fileSink(name, file);
      return name === 'lines' ? [linesReporter(sink, options.nowMs)] : collect(name, sink);
    }),
    ...onStdout.flatMap((name) => collect(name, streamSink(stdout))),
  ];
}

function parseSpec(spec: string): Spec {
  const [, name = '', file] = /^([^=]*)(?:=(.*))?$/s.exec(spec) ?? [];
  if (!REPORTER_NAMES.includes(name)) {
    throw new UserError(`there is no reporter "${name}"`, `the reporters are ${REPORTER_NAMES.join(', ')}`);
  }
  if (file === '')
    throw new UserError(`--reporter ${spec} names no file`, `write ${name}=FILE, or ${name} alone`);
  if (file !== undefined && (name === 'live' || name === 'none')) {
    throw new UserError(`the reporter ${name} writes no file`, `write --reporter ${name}`);
  }
  return { name, file };
}

function checkFiles(specs: readonly Spec[]): void {
  const files = specs.flatMap((spec) => (spec.file === undefined ? [] : [spec.file]));
  const twice = files.find((file, i) => files.indexOf(file) !== i);
  if (twice !== undefined)
    throw new UserError(`two reporters would write ${twice}`, 'give each its own file');
}

/** POSIX: LC_ALL, else LC_CTYPE, else LANG. */
function speaksUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}

/** `dir` is the run's folder; null if nobody said. */
function collectingReporter(
  name: string,
  sink: Sink,
  render: (view: RunView, dir: string | null) => string | Promise<string>,
): Reporter {
  const view = newRunView();
  let dir: string | null = null;
  return {
    name,
    opened: (folder) => {
      dir = folder;
    },
    event: (event) => applyEvent(view, event),
    close: async () => sink.write(await render(view, dir)),
  };
}
