/** From a matrix file to a Matrix, or to all of its problems at once. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { globTest } from '../base/glob.ts';
import { suggestion } from '../base/suggest.ts';
import { buildMatrix } from './build.ts';
import { builtinsText, matrixFile } from './builtin.ts';
import { checkNames, mistypedAxes } from './check.ts';
import { MatrixError, newProblemList, problemAt, sortProblems } from './problems.ts';
import { type MatrixInput, matrixSchema } from './schema.ts';
import type { KernelEntry, Matrix } from './types.ts';
import { parseYaml } from './yaml.ts';
import { reportIssues } from './zod-problems.ts';

const MAX_BYTES = 1024 * 1024;

/**
 * The matrix in `text`. `path` is named in messages as it is given; relative kernel paths start from its folder.
 * Throws MatrixError with everything that is wrong.
 */
export function parseMatrix(text: string, path: string): Matrix {
  const document = parseYaml(text);
  const findings = newProblemList(path, document);
  const syntax = document.problems.map(({ message, hint, ...position }) =>
    problemAt(path, { ...position, path: '' }, message, hint),
  );
  if (document.value === undefined) throw new MatrixError(sortProblems(syntax));
  if (document.value === null)
    throw new MatrixError([problemAt(path, { line: 1, column: 1, path: '' }, 'the file is empty')]);
  const checked = matrixSchema.safeParse(document.value);
  if (!checked.success) {
    const mistyped = mistypedAxes(document.value);
    const issues = checked.error.issues.filter(
      ({ path: at }) => at[0] !== 'axes' || !mistyped.has(String(at[1])),
    );
    reportIssues(issues, document.value, findings);
  }
  checkNames(document.value, findings);
  const problems = [...syntax, ...findings.errors];
  if (!checked.success || problems.length > 0) throw new MatrixError(sortProblems(problems));
  const sha256 = createHash('sha256').update(text).digest('hex');
  // The value as read: the checked copy has its keys in the schema's order, and the order of axes matters.
  return buildMatrix(document.value as MatrixInput, resolve(path), sha256, findings);
}

/** Reads and checks a matrix file, or a built-in one (builtin:NAME). Throws UserError if it cannot be read, MatrixError if it is wrong. */
export async function loadMatrix(wanted: string): Promise<Matrix> {
  const path = matrixFile(wanted);
  const bytes = await readBytes(path);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UserError(`${path}: not UTF-8 text`, 'is it really a matrix? Save it as UTF-8');
  }
  return parseMatrix(text, path);
}

const NO_FILE = 'there is no such file';
const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOTDIR: [NO_FILE, 'a part of its path is not a directory'],
  EISDIR: ['is a directory', 'give the path of a matrix file within it'],
  EACCES: ['may not be read', 'check its permissions'],
};

async function readBytes(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const stat = await file.stat();
      if (stat.isDirectory()) throw Object.assign(new Error('directory'), { code: 'EISDIR' });
      // Pipes are fine (a shell's <(...)); whatever it is, no more than a matrix's worth is read.
      const buffer = Buffer.alloc(MAX_BYTES + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
        length += bytesRead;
        if (length > MAX_BYTES) {
          throw new UserError(
            `${path}: is larger than 1 MiB`,
            'a matrix is a short text: is this the right file?',
          );
        }
        if (bytesRead === 0) return buffer.subarray(0, length);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const [reason, hint] =
      code === 'ENOENT'
        ? [NO_FILE, `"tscmatrix init" writes a matrix, and these are built in: ${builtinsText()}`]
        : (REASONS[code] ?? [`cannot be read (${(error as Error).message})`, undefined]);
    throw new UserError(`${path}: ${reason}`, hint, { cause: error });
  }
}

/** All if there is no glob. Throws UserError for a glob that chooses none. */
export function chosenKernels(
  { path, kernels }: Pick<Matrix, 'path' | 'kernels'>,
  globs: readonly string[],
): readonly KernelEntry[] {
  const names = kernels.map(({ name }) => name);
  const tests = globs.map(globTest);
  const useless = globs.find((_, i) => !names.some((name) => tests[i]?.(name)));
  if (useless !== undefined)
    throw new UserError(`--kernel: ${path} has no kernel ${useless}`, suggestion(useless, names));
  return globs.length === 0 ? kernels : kernels.filter(({ name }) => tests.some((test) => test(name)));
}
