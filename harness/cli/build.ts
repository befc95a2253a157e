/** `tscmatrix build`: the kernels of a matrix that are built from source. */
import { EXIT, UserError } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { openCache } from '../host/cache.ts';
import { progressLine } from '../host/progress-line.ts';
import { BuildError } from '../kernel/acquire.ts';
import { buildAll, buildDocument, buildTable } from '../kernel/build-table.ts';
import type { AcquireOptions } from '../kernel/types.ts';
import { chosenKernels, loadMatrix } from '../matrix/load.ts';
import type { KernelEntry, Matrix } from '../matrix/types.ts';
import { sayFault } from './say.ts';

export interface BuildFlags {
  readonly kernel: readonly string[];
  readonly force?: boolean;
  readonly jobs?: number;
  readonly refresh?: boolean;
  readonly json?: boolean;
}

function isBuilt({ source }: KernelEntry): boolean {
  return source.kind === 'build';
}

function chosen(matrix: Matrix, globs: readonly string[]): readonly KernelEntry[] {
  for (const glob of globs) {
    const matches = chosenKernels(matrix, [glob]);
    if (!matches.some(isBuilt))
      throw new UserError(`--kernel: ${matches[0]?.name} is not built, it is given ready-made`);
  }
  const built = chosenKernels(matrix, globs).filter(isBuilt);
  if (built.length === 0)
    throw new UserError(
      `${matrix.path} has no kernel to build`,
      'a kernel to build has a source: docs/building.md',
    );
  return built;
}

/** 0 if all are there; 1 if one does not build; 69 if the host cannot build. */
export async function buildCommand(path: string | undefined, flags: BuildFlags): Promise<number> {
  if (path === undefined)
    throw new UserError('build needs a matrix', 'tscmatrix build MATRIX.yaml, or tscmatrix build --qemu');
  const entries = chosen(await loadMatrix(path), flags.kernel);
  const cache = await openCache();
  const line = progressLine(process.stderr);
  const options: AcquireOptions = {
    cache,
    onProgress: line.show,
    ...(flags.force === true ? { force: true } : {}),
    ...(flags.refresh === true ? { refresh: true } : {}),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
  };
  const rows = await buildAll(entries, options, (error) => {
    line.clear();
    sayFault(error);
  }).finally(line.clear);
  process.stdout.write(flags.json === true ? `${json(rows.map(buildDocument))}\n` : buildTable(rows));
  if (rows.some(({ error }) => error instanceof BuildError)) return EXIT.unexpected;
  return rows.some(({ error }) => error !== undefined) ? EXIT.hostFault : EXIT.ok;
}
