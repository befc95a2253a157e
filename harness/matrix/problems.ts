/** What is wrong with a matrix: collected, sorted by place, and thrown all at once. */
import { UserError } from '../base/errors.ts';
import type { Place, Problem } from './types.ts';
import type { KeyPath, YamlDocument } from './yaml.ts';

/** One or more problems of a matrix file. `message` lists them all, a line each. */
export class MatrixError extends UserError {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** `file:line:column: path: message (hint)`, the form that editors and CI systems make into links. */
export function formatProblem(problem: Problem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const hint = problem.hint === undefined ? '' : ` (${problem.hint})`;
  return `${place}: ${path}${problem.message}${hint}`;
}

/** A key path for people: axes.hpet[1], kernels["debian-6.1"].sha256. */
function formatPath(path: KeyPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z_<][\w<-]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

/** Collects the problems of one file; the place of each is found by its key path. */
export interface ProblemList {
  readonly file: string;
  readonly errors: Problem[];
  readonly warnings: Problem[];
  readonly place: (path: KeyPath, part?: 'key' | 'value') => Place;
  readonly error: (path: KeyPath, message: string, hint?: string, part?: 'key' | 'value') => void;
  readonly warn: ProblemList['error'];
}

export function newProblemList(file: string, document: YamlDocument): ProblemList {
  const errors: Problem[] = [];
  const warnings: Problem[] = [];
  const place: ProblemList['place'] = (path, part) => ({
    ...document.at(path, part),
    path: formatPath(path),
  });
  const problem = (path: KeyPath, message: string, hint?: string, part?: 'key' | 'value'): Problem =>
    problemAt(file, place(path, part), message, hint);
  return {
    file,
    errors,
    warnings,
    place,
    error: (path, message, hint, part) => void errors.push(problem(path, message, hint, part)),
    warn: (path, message, hint, part) => void warnings.push(problem(path, message, hint, part)),
  };
}

export function problemAt(file: string, place: Place, message: string, hint?: string): Problem {
  return {
    file,
    line: place.line,
    column: place.column,
    path: place.path,
    message,
    ...(hint === undefined ? {} : { hint }),
  };
}

export function sortProblems(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
