/** The forms of a comparison, and where they go: `--reporter NAME[=FILE]` as for a run. */

import { UserError } from '../base/errors.ts';
import type { RunComparison } from '../compare/types.ts';
import { hasColours } from '../host/colour.ts';
import { fileSink, type OutputStream, type Sink, streamSink } from '../host/sink.ts';
import { COMPARISON_RENDERERS, COMPARISON_REPORTERS } from './reporters.ts';

interface ComparisonOptions {
  readonly stdout?: OutputStream;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly json?: boolean;
  readonly all?: boolean;
}

interface Output {
  readonly name: string;
  readonly sink: Sink;
}

/** Gives the function that writes what was asked for; the table on stdout if nothing else is. Throws UserError. */
export function comparisonReports(
  specs: readonly string[],
  options: ComparisonOptions = {},
): (comparison: RunComparison) => Promise<void> {
  const { stdout = process.stdout, env = process.env } = options;
  const asked = [...specs, ...(options.json === true && !specs.includes('json') ? ['json'] : [])].map(parse);
  const shown = asked.filter(({ name, file }) => file === undefined && name !== 'none');
  if (shown.length > 1) {
    const names = shown.map(({ name }) => name).join(' and ');
    throw new UserError(
      `${names} cannot both be written to stdout`,
      'give all but one a file: --reporter NAME=FILE',
    );
  }
  if (shown.length === 0 && !asked.some(({ name }) => name === 'none')) {
    shown.push({ name: 'table', file: undefined });
  }
  const outputs: readonly Output[] = [
    ...asked.flatMap(({ name, file }) => (file === undefined ? [] : [{ name, sink: fileSink(name, file) }])),
    ...shown.map(({ name }) => ({ name, sink: streamSink(stdout) })),
  ];
  return async (comparison) => {
    for (const { name, sink } of outputs) {
      const render = await COMPARISON_RENDERERS[name]?.();
      const text = render?.(comparison, {
        colour: hasColours(sink.isTty, env),
        columns: sink.columns,
        all: options.all === true,
      });
      if (text !== undefined) await sink.write(text);
    }
  };
}

function parse(spec: string): { name: string; file: string | undefined } {
  const [, name = '', file] = /^([^=]*)(?:=(.*))?$/s.exec(spec) ?? [];
  if (!COMPARISON_REPORTERS.includes(name)) {
    throw new UserError(
      `there is no reporter "${name}" of a comparison`,
      `there are ${COMPARISON_REPORTERS.join(', ')}`,
    );
  }
  if (file === '')
    throw new UserError(`--reporter ${spec} names no file`, `write ${name}=FILE, or ${name} alone`);
  if (file !== undefined && name === 'none') {
    throw new UserError('the reporter none writes no file', 'write --reporter none');
  }
  return { name, file };
}
