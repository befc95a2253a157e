/** `tscmatrix build`: the kernels of a matrix that are built from source. */

import { EXIT, HostError, UserError } from '../base/errors.ts';
import { globTest } from '../base/glob.ts';
import { block, json } from '../base/safe-text.ts';
import { suggestion } from '../base/suggest.ts';
import { openCache } from '../host/cache.ts';
import { progressLine } from '../host/progress-line.ts';
import { acquireKernel, BuildError } from '../kernel/acquire.ts';
import { loadMatrix } from '../matrix/load.ts';
import type { KernelEntry, Matrix } from '../matrix/types.ts';
import type { BuildRow } from './build-rows.ts';
import { buildTable } from './build-table.ts';

export interface BuildFlags {
  readonly kernel: readonly string[];
  readonly force?: boolean;
  readonly jobs?: number;
  readonly refresh?: boolean;
  readonly json?: boolean;
}

function chosen(matrix: Matrix, wanted: readonly string[]): readonly KernelEntry[] {
  const built = matrix.kernels.filter(({ source }) => source.kind === 'build');
  const names = matrix.kernels.map(({ name }) => name);
  for (const pattern of wanted) {
    const matches = matrix.kernels.filter(({ name }) => globTest(pattern)(name));
    if (matches.length === 0)
      throw new UserError(`--kernel: ${matrix.path} has no kernel ${pattern}`, suggestion(pattern, names));
    if (!matches.some((entry) => built.includes(entry)))
      throw new UserError(`--kernel: ${matches[0]?.name} is not built, it is given ready-made`);
  }
  if (built.length === 0)
    throw new UserError(
      `${matrix.path} has no kernel to build`,
      'a kernel to build has a source: docs/building.md',
    );
  return wanted.length === 0
    ? built
    : built.filter(({ name }) => wanted.some((pattern) => globTest(pattern)(name)));
}

/** 0 where all are there; 1 where one does not build; 69 where the host cannot build. */
export async function buildCommand(
  path: string | undefined,
  flags: BuildFlags,
  signal: AbortSignal,
): Promise<number> {
  if (path === undefined)
    throw new UserError('build needs a matrix', 'tscmatrix build MATRIX.yaml, or tscmatrix build --qemu');
  const entries = chosen(await loadMatrix(path), flags.kernel);
  const cache = await openCache();
  const line = progressLine(process.stderr);
  const rows: BuildRow[] = [];
  // One after the other: each uses all CPUs, and kernels of one source share a folder.
  for (const entry of entries) {
    const startedMs = performance.now();
    const seconds = (): number => Math.round((performance.now() - startedMs) / 10) / 100;
    try {
      const image = await acquireKernel(entry, {
        cache,
        signal,
        onProgress: (text) => line.show(`${entry.name}: ${text}`),
        ...(flags.force === true ? { force: true } : {}),
        ...(flags.refresh === true ? { refresh: true } : {}),
        ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
      });
      rows.push({ name: entry.name, image, seconds: seconds() });
    } catch (error) {
      line.clear();
      if (signal.aborted) return EXIT.interrupted;
      if (!(error instanceof BuildError || error instanceof HostError)) throw error;
      process.stderr.write(`tscmatrix: ${block(error.message)}\n`);
      if (error.hint !== undefined) process.stderr.write(`  hint: ${block(error.hint)}\n`);
      rows.push({ name: entry.name, error, seconds: seconds() });
    }
  }
  line.clear();
  process.stdout.write(flags.json === true ? `${json(rows.map(toJson))}\n` : buildTable(rows));
  if (rows.some(({ error }) => error instanceof BuildError)) return EXIT.unexpected;
  return rows.some(({ error }) => error !== undefined) ? EXIT.infrastructure : EXIT.ok;
}

function toJson({ name, image, error, seconds }: BuildRow): object {
  if (image !== undefined) return { ...image, wallSeconds: seconds };
  const log = error instanceof BuildError ? { fault: error.fault, logPath: error.logPath } : {};
  return { name, error: error?.message, hint: error?.hint, ...log, wallSeconds: seconds };
}
