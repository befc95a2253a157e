/** Matrices for tests: the shortest sound one, and the problems of a wrong one. */
import { parseMatrix } from '../../harness/matrix/load.ts';
import { MatrixError } from '../../harness/matrix/problems.ts';
import type { Matrix, Problem } from '../../harness/matrix/types.ts';

export const HEAD = 'version: 1\nkernels: { a-1: { image: ka }, a-2: { image: kb }, b-1: { image: kc } }\n';

export function matrix(body = '', path = '/m/test.yaml'): Matrix {
  return parseMatrix(HEAD + body, path);
}

/** The problems that parseMatrix() throws; an empty list where it throws none. */
export function problemsOf(text: string): readonly Problem[] {
  try {
    parseMatrix(text, 'm.yaml');
    return [];
  } catch (error) {
    if (error instanceof MatrixError) return error.problems;
    throw error;
  }
}

/** Like problemsOf() for a body below HEAD, each as "path: message (hint)". */
export function complaints(body: string): string[] {
  return problemsOf(HEAD + body).map(
    ({ path, message, hint }) => `${path}: ${message}${hint ? ` (${hint})` : ''}`,
  );
}
