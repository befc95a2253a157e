/** What rpm said when it failed: a spec that it cannot read, or a section that ended badly, with its first error. */
import { type HostFault, UserError } from '../../base/errors.ts';
import { BuildError, printable } from '../make/errors.ts';
import { firstError, hostLimit, missingTool } from '../make/make-failure.ts';

const TAIL = 8;
/** What rpmbuild ends with, whatever failed. */
const CLOSING =
  /^RPM build (?:errors|warnings):|Could not canonicalize hostname|Bad exit status from|^RPM_EC=|^\+\+ jobs -p/;

/** A spec that rpm cannot read, by what rpm said. `spec` is its path for people. */
export function specFault(spec: string, lines: readonly string[]): HostFault | UserError {
  const limit = hostLimit('to read the spec', lines, spec);
  if (limit !== null) return limit;
  const errors = lines.filter((line) => /^error: /.test(line)).map((line) => line.slice('error: '.length));
  const at = errors.map((line) => /^line (\d+): (.*)/.exec(line)).find((match) => match !== null);
  const place = at === undefined ? spec : `${spec}:${at[1]}`;
  const what = printable(at?.[2] ?? errors[0] ?? lines.at(-1) ?? 'rpm gives no reason');
  return new UserError(
    `${place}: rpm cannot read the spec: ${what.trim()}`,
    'what rpm takes: rpmspec --parse FILE',
  );
}

/** A section of the spec that ended badly. */
export function sectionFault(spec: string, lines: readonly string[], logPath: string): Error {
  const limit = hostLimit('to build', lines, logPath);
  if (limit !== null) return limit;
  const bad = lines
    .map((line) => /^error: Bad exit status from \S+ \((%\w+)\)/.exec(line)?.[1])
    .find(Boolean);
  if (bad === undefined && !lines.some((line) => /^Executing\(/.test(line))) return specFault(spec, lines);
  const own = lines.filter((line) => line.trim() !== '' && !CLOSING.test(line));
  // At the end alone: a script may ask for a program that it can do without.
  const missing = missingTool(own.slice(-TAIL), logPath);
  if (missing !== null) return missing;
  const first = firstError(own);
  const rejected = own.find((line) => /hunks? FAILED|^error: patch failed|^patch: \*{4}/i.test(line));
  const files = lines.find((line) => /^error: (?:File not found|Installed \(but unpackaged\))/.test(line));
  const why = rejected ?? first[0] ?? files ?? own.at(-1) ?? '';
  const message = [
    `rpmbuild ended in ${bad ?? 'its packages'} of ${spec}: ${printable(why.trim())}`,
    ...first.slice(1).map((line) => `  ${printable(line)}`),
    `end of the log (all of it: ${logPath}):`,
    ...own.slice(-TAIL).map((line) => `  ${printable(line.slice(0, 300))}`),
  ].join('\n');
  return new BuildError(bad === '%prep' ? 'patch' : 'compile', message, { logPath });
}
