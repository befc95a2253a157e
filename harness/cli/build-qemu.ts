/** `tscmatrix build --qemu`: the pinned QEMU, built or from the cache. */
import { EXIT, UserError } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { progressLine } from '../host/progress-line.ts';
import { pinnedQemu, pinnedText } from '../image/qemu/pinned.ts';
import type { BuildFlags } from './build.ts';

/** 0 if it is there; what keeps it from being built is thrown. */
export async function buildQemuCommand(
  matrix: string | undefined,
  flags: BuildFlags & { readonly from?: string },
): Promise<number> {
  if (matrix !== undefined)
    throw new UserError('--qemu goes without a matrix', 'build the one, then the other');
  if (flags.kernel.length > 0) throw new UserError('--qemu goes without --kernel');
  const line = progressLine(process.stderr);
  const startedMs = performance.now();
  try {
    const qemu = await pinnedQemu({
      onProgress: (text) => line.show(text),
      ...(flags.from === undefined ? {} : { from: flags.from }),
      ...(flags.force === true ? { force: true } : {}),
      ...(flags.refresh === true ? { refresh: true } : {}),
      ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
    });
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    line.clear();
    process.stdout.write(
      flags.json === true ? `${json({ ...qemu, wallSeconds: seconds })}\n` : pinnedText(qemu, seconds),
    );
    return EXIT.ok;
  } catch (error) {
    line.clear();
    throw error;
  }
}
