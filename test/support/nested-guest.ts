/** Boots nested guests as the seed's are: no HPET, the host's CPU model, counted instructions. */

import type { Observed } from '../../harness/lab/boot-once.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { bootNested as bootLaunch, nestedLaunchOf, nestedParts } from './nested-boots.ts';

/** Boots a kernel, and gives what `read` makes of what was seen. */
export async function bootNested<T>(
  kernelPath: string,
  guest: Partial<GuestSpec>,
  read: (seen: Observed) => T,
): Promise<T> {
  const launch = await nestedLaunchOf(await nestedParts(), { kernelPath, guest: { cpu: 'host', ...guest } });
  return read(await bootLaunch(launch));
}
