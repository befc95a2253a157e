/** What the schema found, in words for people: what is wrong, where, and what was probably meant. */
import type { z } from 'zod';
import { nearest, suggestion } from '../base/suggest.ts';
import type { ProblemList } from './problems.ts';
import type { KeyPath } from './yaml.ts';

type Issue = z.core.$ZodIssue;
/** Where the problems go. */
type Sink = Pick<ProblemList, 'error'>;

/** Reports every issue that the schema has with `root`, the value read from the file. */
export function reportIssues(
  issues: readonly Issue[],
  root: unknown,
  findings: Sink,
  parent: KeyPath = [],
): void {
  const unknownKeys = new Set(issues.filter(({ code }) => code === 'unrecognized_keys').map(pathText));
  for (const issue of issues) {
    // What a map lacks is most likely the key that was mistyped.
    if (issue.code === 'custom' && unknownKeys.has(pathText(issue))) continue;
    report(issue, parent, root, findings);
  }
}

/** What the schema has against a single value, in the same words, with a hint if there is one. */
export function describeIssues(
  issues: readonly Issue[],
  value: unknown,
): { readonly message: string; readonly hint: string | undefined } {
  const messages: string[] = [];
  const hints: string[] = [];
  const error: Sink['error'] = (_path, message, hint) => {
    messages.push(message);
    if (hint !== undefined) hints.push(hint);
  };
  reportIssues(issues, value, { error });
  return { message: messages.join('; '), hint: hints[0] };
}

function pathText(issue: Issue): string {
  return JSON.stringify(issue.path);
}

function report(issue: Issue, parent: KeyPath, root: unknown, findings: Sink): void {
  const path = [...parent, ...issue.path] as KeyPath;
  const value = valueAt(root, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) {
        const known = issue.message.replace('known keys: ', '').split(', ');
        const hint = nearest(key, known);
        const text = hint === undefined ? issue.message : `did you mean ${hint}?`;
        findings.error([...path, key], `unknown key ${JSON.stringify(key)}`, text, 'key');
      }
      return;
    case 'invalid_union': {
      const branch = fittingBranch(issue.errors, value);
      if (value === undefined) findings.error(path, 'is missing');
      else if (branch !== undefined) reportIssues(branch, root, findings, path);
      else findings.error(path, found(issue.message, value), typeHint(issue.message, value));
      return;
    }
    case 'invalid_key':
      findings.error(path, issue.issues[0]?.message ?? issue.message, undefined, 'key');
      return;
    default:
      findings.error(path, ...wording(issue, value));
  }
}

/** The one alternative of a union that the value is of the right kind for. */
function fittingBranch(
  branches: readonly (readonly Issue[])[],
  value: unknown,
): readonly Issue[] | undefined {
  const fitting = branches.filter((issues) =>
    issues.every((issue) => issue.path.length > 0 || !isWrongKind(issue, value)),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

function isWrongKind(issue: Issue, value: unknown): boolean {
  if (issue.code === 'invalid_union') return fittingBranch(issue.errors, value) === undefined;
  if (issue.code === 'invalid_value') return typeof value === 'object';
  return issue.code === 'invalid_type';
}

function wording(issue: Issue, value: unknown): [message: string, hint?: string] {
  if (issue.code === 'invalid_type') {
    if (value === undefined) return ['is missing'];
    const expected = KINDS[issue.expected] ?? issue.expected;
    // A custom message of the schema says more than the type does.
    const message = issue.message.startsWith('Invalid input') ? `must be ${expected}` : issue.message;
    return withHint(found(message, value), typeHint(message, value));
  }
  if (issue.code === 'invalid_value') {
    if (value === undefined) return ['is missing'];
    const known = issue.values.map(String);
    const message = issue.message.startsWith('Invalid')
      ? `must be one of ${known.join(', ')}`
      : issue.message;
    return withHint(found(message, value), enumHint(value, known));
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    return [issue.message.startsWith('Too') ? sizeMessage(issue) : issue.message];
  }
  return [issue.code === 'invalid_format' ? found(issue.message, value) : issue.message];
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'on or off',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function sizeMessage(issue: Issue & { code: 'too_small' | 'too_big' }): string {
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const side =
    issue.code === 'too_small' ? (issue.inclusive === false ? 'more than' : 'at least') : 'at most';
  if (issue.origin === 'array')
    return limit === 1 ? 'must not be an empty list' : `must have ${side} ${limit} entries`;
  if (issue.origin === 'string')
    return limit === 1 ? 'must not be empty' : `must have ${side} ${limit} characters`;
  return `must be ${side} ${limit}`;
}

/** "must be text" with what was found instead, if that is short enough to show. */
function found(message: string, value: unknown): string {
  if (value === undefined) return message;
  return `${message}; found ${describe(value)}`;
}

function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function typeHint(message: string, value: unknown): string | undefined {
  // If a number would do as well, quotes are not what a number lacks.
  const wantsText = /\btext\b|\bname\b|hex digits|CPU model/.test(message) && !/\bnumber\b/.test(message);
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  if (wantsText && isScalar) return 'put it in quotes';
  if (message === 'must be a list' && (isScalar || typeof value === 'string'))
    return `write [${String(value).slice(0, 60)}]`;
  return message === 'must be a map' && value === null ? 'write {} for none' : undefined;
}

function enumHint(value: unknown, known: readonly string[]): string | undefined {
  if (typeof value !== 'string') return undefined;
  const hint = suggestion(value, known);
  return hint?.startsWith('did you') ? hint : undefined;
}

function withHint(message: string, hint: string | undefined): [string, string?] {
  return hint === undefined ? [message] : [message, hint];
}

function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[step];
  }
  return value;
}
