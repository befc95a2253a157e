/** What became of each kernel of a build. */
import type { HostError } from '../base/errors.ts';
import type { BuildError, KernelImage } from '../kernel/acquire.ts';

/** One kernel: its image, or why there is none. `seconds` is what getting it took, from the cache or not. */
export interface BuildRow {
  readonly name: string;
  readonly image?: KernelImage;
  readonly error?: BuildError | HostError;
  readonly seconds: number;
}
