/** Gets the image of a kernel that a matrix names, from wherever it says, into the cache. */

import { HostFault, UserError } from '../base/errors.ts';
import { stopIfInterrupted } from '../host/interruption.ts';
import type { KernelEntry } from '../matrix/types.ts';
import { acquireFile } from './from-file.ts';
import { acquireBuild } from './make/build.ts';
import { BuildError } from './make/errors.ts';
import { acquireDebian } from './package/from-debian.ts';
import { acquirePackage } from './package/from-package.ts';
import type { Found } from './store.ts';
import type { AcquireOptions, KernelImage } from './types.ts';

export { BuildError } from './make/errors.ts';
export type { AcquireOptions, KernelImage } from './types.ts';

/**
 * Gets one kernel. Any number may be got at once, here and in other processes: what two want is made once.
 * Bad input is a UserError, an unwilling host a HostFault, and a source that does not build a BuildError, all with the kernel's name in front.
 */
export async function acquireKernel(entry: KernelEntry, options: AcquireOptions): Promise<KernelImage> {
  try {
    return { name: entry.name, ...(await acquireFrom(entry, options)) };
  } catch (error) {
    stopIfInterrupted(`kernel ${entry.name}`);
    const message = error instanceof Error ? `kernel ${entry.name}: ${error.message}` : '';
    if (error instanceof UserError) throw new UserError(message, error.hint, { cause: error });
    if (error instanceof BuildError) {
      const { fault, hint, logPath } = error;
      throw new BuildError(fault, message, { hint, logPath, cause: error });
    }
    if (error instanceof HostFault) throw new HostFault(error.code, message, error.hint, { cause: error });
    throw error;
  }
}

function acquireFrom({ source }: KernelEntry, options: AcquireOptions): Promise<Found> {
  switch (source.kind) {
    case 'image':
      return acquireFile(source, options);
    case 'deb':
    case 'rpm':
      return acquirePackage(source, options);
    case 'debian':
      return acquireDebian(source, options);
    case 'build':
      return acquireBuild(source, options);
  }
}
