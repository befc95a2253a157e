/** A make that failed: the first error that is one, the end of the log, and whose fault it was. */
import { HostFault } from '../../base/errors.ts';
import { noSpace } from '../tree/untar.ts';
import { BuildError, printable } from './errors.ts';

const TAIL = 12;
/** Lines shown below an error: the compiler's quotation of the source. */
const QUOTED = 5;
const LINE_LENGTH = 300;

/** Programs and libraries of the host, by what a build says if they are missing. */
const MISSING: readonly (readonly [RegExp, string, string])[] = [
  [
    /(?:gelf|libelf)\.h: No such file|cannot find -lelf|libelf[- ]?dev|libelf not found/i,
    'libelf',
    'libelf-dev',
  ],
  [/openssl\/\S+: No such file|cannot find -lcrypto/, 'libcrypto', 'libssl-dev'],
  [/\b(?:lz4c?|lz4\S*): (?:command )?not found/, 'lz4', 'lz4'],
  [/\bxz: (?:command )?not found/, 'xz', 'xz-utils'],
  [/\bzstd: (?:command )?not found/, 'zstd', 'zstd'],
  [
    /\b(?:gzip|bzip2|lzma|lzop|flex|bison|bc|perl|cpio|python3|pahole|gawk|rsync): (?:command )?not found/,
    '',
    '',
  ],
];

/** A line by which a compiler, an assembler, a linker or a script says what is wrong. */
const REAL_ERROR = [
  /(?:^|[\s:])(?:fatal )?error:/i,
  /: Error: /,
  /undefined (?:reference|symbol)/,
  /multiple definition of/,
  /^(?:\S*\/)?ld(?:\.\w+)?: (?!warning|.*: in function )/,
  /No rule to make target/,
  /: (?:command )?not found$/,
  /^\S+:\d+: \*\*\* (?!\[)/,
  /^\*\*\* /,
];

/** What the host lacked, disk or memory, whatever was compiled; null if the lines tell of neither. `what` is as in "to build". */
export function hostLimit(what: string, lines: readonly string[], logPath: string): HostFault | null {
  const text = lines.join('\n');
  if (/No space left on device|Disk quota exceeded/.test(text))
    return noSpace(`${what}; the log is ${logPath}`);
  if (!/internal compiler error: Killed|Killed signal terminated program/.test(text)) return null;
  const message = `the compiler was killed: not enough memory; the log is ${logPath}`;
  return new HostFault('no-memory', message, 'use --jobs 1');
}

export function makeFailure(
  target: string,
  exitCode: number,
  lines: readonly string[],
  logPath: string,
): Error {
  const limit = hostLimit('to build', lines, logPath);
  if (limit !== null) return limit;
  for (const [pattern, name, packageName] of MISSING) {
    // Some trees only warn of a library that they can do without.
    const line = lines.find((each) => pattern.test(each) && !/\bwarning:/i.test(each));
    if (line === undefined) continue;
    const program = name || (/(\w+): (?:command )?not found/.exec(line)?.[1] ?? '');
    return new HostFault(
      'tool-missing',
      `the build needs ${program}, which is not installed; the log is ${logPath}`,
      `apt-get install ${packageName || (program === 'pahole' ? 'dwarves' : program)}`,
    );
  }
  const first = firstError(lines);
  const tail = lines.slice(-TAIL);
  const message = [
    first.length > 0
      ? `make ${target} failed: ${indent(first.find(isError) ?? '').trim()}`
      : `make ${target} ended with ${exitCode} and named no error`,
    ...(first.length > 1 ? first.map(indent) : []),
    `end of the log (all of it: ${logPath}):`,
    ...tail.map(indent),
  ].join('\n');
  return new BuildError('compile', message, { logPath });
}

/** The first error with the lines that belong to it; empty if no line is one. */
export function firstError(lines: readonly string[]): string[] {
  const at = lines.findIndex(isError);
  if (at < 0) return [];
  let start = at;
  while (
    start > 0 &&
    at - start < QUOTED &&
    /^(?:In file included from |\s+from |.*: [Ii]n function )/.test(lines[start - 1] ?? '')
  ) {
    start -= 1;
  }
  let end = at + 1;
  while (end < lines.length && end - at <= QUOTED && /^\s+(?:\d+ )?\||^\s*\d+ \|/.test(lines[end] ?? ''))
    end += 1;
  return lines.slice(start, end);
}

function isError(line: string): boolean {
  return REAL_ERROR.some((pattern) => pattern.test(line));
}

function indent(line: string): string {
  return `  ${printable(line.slice(0, LINE_LENGTH))}`;
}
