/**
 * A message to look for in a log: a text, or a /regular expression/flags tried on each line. Expressions run on RE2
 * (re2js), whose time grows with the text and never explodes, since they come from files of other people and are tried
 * on what a guest printed.
 */
import { RE2JS } from 're2js';
import { UserError } from './errors.ts';

interface MessagePattern {
  /** Whether the message stands in the text, which may hold several lines. */
  readonly isIn: (text: string) => boolean;
  /** Whether looking for it in a text of so many characters takes long enough to be refused. */
  readonly isTooSlowFor: (characters: number) => boolean;
}

/** Longer ones are no description of a message. */
const MAX_CHARACTERS = 1000;
/** Instructions of the compiled program; x{1000} alone has 1000. */
const MAX_INSTRUCTIONS = 1000;
/** Instructions times characters. The worst program takes some 30 ns for each: a second. */
const MAX_WORK = 32_000_000;

const FLAGS: Readonly<Record<string, number>> = {
  i: RE2JS.CASE_INSENSITIVE,
  m: RE2JS.MULTILINE,
  s: RE2JS.DOTALL,
  u: 0,
};

/** Throws UserError for an expression that cannot be used, with what RE2 lacks. */
export function messagePattern(pattern: string): MessagePattern {
  const [, source, flags = ''] = /^\/(.+)\/([imsu]*)$/s.exec(pattern) ?? [];
  if (source === undefined) return { isIn: (text) => text.includes(pattern), isTooSlowFor: () => false };
  const program = compile(pattern, source, flags);
  const size = program.programSize();
  if (size > MAX_INSTRUCTIONS)
    throw refused(pattern, `is too large (${size} instructions; ${MAX_INSTRUCTIONS} are allowed)`);
  return {
    isIn: (text) => text.split('\n').some((line) => program.test(line)),
    isTooSlowFor: (characters) => size * characters > MAX_WORK,
  };
}

function compile(pattern: string, source: string, flags: string): RE2JS {
  if (source.length > MAX_CHARACTERS) throw refused(pattern, `has more than ${MAX_CHARACTERS} characters`);
  try {
    const bits = [...flags].reduce((all, flag) => all | (FLAGS[flag] ?? 0), 0);
    return RE2JS.compile(RE2JS.translateRegExp(source), bits);
  } catch (error) {
    const why = (error as Error).message.replace(/^error parsing regexp: /, '');
    throw refused(pattern, `is not a regular expression: ${why}`, error);
  }
}

function refused(pattern: string, why: string, cause?: unknown): UserError {
  const shown = pattern.length > 80 ? `${pattern.slice(0, 80)}...` : pattern;
  return new UserError(
    `${shown} ${why}`,
    'expressions are those of RE2 (github.com/google/re2/wiki/Syntax): no lookahead, no lookbehind, no backreference',
    { cause },
  );
}
