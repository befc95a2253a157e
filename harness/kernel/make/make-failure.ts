/** A make that failed: the errors that are some, the end of the log, and whose fault it was. */
import { HostFault } from '../../base/errors.ts';
import { noSpace } from '../tree/untar.ts';
import { BuildError, printable } from './errors.ts';

const TAIL = 12;
/** Lines shown below an error: the compiler's quotation of the source. */
const QUOTED = 5;
const LINE_LENGTH = 300;
/** Errors shown at most: one of each file. */
const SHOWN = 8;

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

/** Lines that are none, whatever words they hold: ld says "NOTE: This behaviour is deprecated" once for each file. */
const NO_ERROR = /(?:^|[\s:])(?:warning|note|info):/i;
/** A line by which a compiler, an assembler, a linker or objtool says what is wrong. */
const TOOL_ERROR = [
  /(?:^|[\s:])(?:fatal )?error:/i,
  /undefined (?:reference|symbol)/,
  /multiple definition of/,
  /^(?:\S*\/)?(?:\S+-)?ld(?:\.\w+)?: (?!.*: in function )/,
];
/** A line by which a script or make says so. It counts where no tool has said anything. */
const OTHER_ERROR = [
  /No rule to make target/,
  // zconf_error(), and lexers that cannot open a file (scripts/kconfig).
  /^\S*Kconfig\S*:\d+: /,
  /^(?:Invalid|Unsupported) (?:absolute|relative) .*relocation/,
  /: (?:command )?not found$/,
  // mkdir: cannot create directory 'x': Read-only file system
  /^[\w./-]+: (?:cannot|can't) /,
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

/** A program or library of the host that a build has asked for in vain; null if the lines tell of none. */
export function missingTool(lines: readonly string[], logPath: string): HostFault | null {
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
  return null;
}

export function makeFailure(
  target: string,
  exitCode: number,
  lines: readonly string[],
  logPath: string,
): Error {
  const fault = hostLimit('to build', lines, logPath) ?? missingTool(lines, logPath);
  if (fault !== null) return fault;
  const found = errorsOf(lines);
  const errors = found.length === 0 ? stopOf(lines) : found;
  const [first] = errors;
  const others = errors.length - 1;
  const tail = lines.slice(-TAIL);
  const message = [
    first === undefined
      ? `make ${target} ended with ${exitCode} and named no error`
      : `make ${target} failed: ${indent(first.find(isAnyError) ?? first.at(-1) ?? '').trim()}${others > 0 ? `, and in ${others} more ${others === 1 ? 'place' : 'places'}` : ''}`,
    ...(others > 0 || (first?.length ?? 0) > 1 ? errors.slice(0, SHOWN).flat().map(indent) : []),
    ...(errors.length > SHOWN ? [`  (${errors.length - SHOWN} more)`] : []),
    `end of the log (all of it: ${logPath}):`,
    ...tail.map(indent),
  ].join('\n');
  return new BuildError('compile', message, { logPath });
}

/** Where make stopped first, with what was said before; empty if it did not say so. */
function stopOf(lines: readonly string[]): string[][] {
  const at = lines.findIndex((line) => /^make(?:\[\d+\])?: \*\*\* \[.*\] Error \d+$/.test(line));
  return at < 0 ? [] : [lines.slice(Math.max(0, at - 2), at + 1)];
}

/** Of each file that has errors, the first one with the lines that belong to it, in the order of the log. */
export function errorsOf(lines: readonly string[]): string[][] {
  const isTool = (line: string) => matches(TOOL_ERROR, line);
  const isError = lines.some(isTool) ? isTool : (line: string) => matches(OTHER_ERROR, line);
  const found = new Map<string, string[]>();
  for (const [at, line] of lines.entries()) {
    if (!isError(line)) continue;
    // "kernel/fork.c:12:3: error:", "vmlinux.o: in function `f': (.text+0x1): undefined reference to `g'".
    const place = /^(?:ld: )?([^\s:]+\.\w+):/.exec(line)?.[1] ?? line;
    if (!found.has(place)) found.set(place, withContext(lines, at));
  }
  return [...found.values()];
}

/** The first of them; empty if no line is an error. */
export function firstError(lines: readonly string[]): string[] {
  return errorsOf(lines)[0] ?? [];
}

function withContext(lines: readonly string[], at: number): string[] {
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

function matches(patterns: readonly RegExp[], line: string): boolean {
  return !NO_ERROR.test(line) && patterns.some((pattern) => pattern.test(line));
}

const isAnyError = (line: string): boolean => matches([...TOOL_ERROR, ...OTHER_ERROR], line);

function indent(line: string): string {
  return `  ${printable(line.slice(0, LINE_LENGTH))}`;
}
