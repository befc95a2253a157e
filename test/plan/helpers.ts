/** Plans of short matrices, for tests. */
import { parseMatrix } from '../../harness/matrix/load.ts';
import { MatrixError } from '../../harness/matrix/problems.ts';
import { makePlan } from '../../harness/plan/expand.ts';
import type { Cell, Plan } from '../../harness/plan/types.ts';

export const HEAD = 'version: 1\nkernels: { a: { image: ka }, b: { image: kb } }\n';

export function plan(body: string, ...filters: string[]): Plan {
  return makePlan(parseMatrix(HEAD + body, '/m/test.yaml'), filters);
}

export function ids(body: string, ...filters: string[]): string[] {
  return plan(body, ...filters).cells.map(({ id }) => id);
}

export function cell(body: string, id: string): Cell {
  const found = plan(body).cells.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no cell ${id} among ${ids(body).join(' ')}`);
  return found;
}

/** What makePlan() complains of, each as "line path: message (hint)". */
export function complaints(body: string): string[] {
  try {
    plan(body);
    return [];
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    return error.problems.map(
      ({ line, path, message, hint }) => `${line} ${path}: ${message}${hint ? ` (${hint})` : ''}`,
    );
  }
}

export function warnings(body: string): string[] {
  return (plan(body).warnings ?? []).map(({ line, path, message }) => `${line} ${path}: ${message}`);
}
