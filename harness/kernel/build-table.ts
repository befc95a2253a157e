/** The kernels of a build as a table for people, and as a document. */

import { HostFault } from '../base/errors.ts';
import { oneLine } from '../base/safe-text.ts';
import { plainTable } from '../base/table.ts';
import type { KernelEntry } from '../matrix/types.ts';
import { acquireKernel, BuildError } from './acquire.ts';
import type { AcquireOptions, KernelImage } from './types.ts';

export function buildTable(rows: readonly BuildRow[]): string {
  return plainTable(
    ['kernel', 'release', 'sha256', 'build id', 'seconds', 'from', 'patches'],
    rows.map(({ name, image, seconds, error }) =>
      image === undefined
        ? [
            name,
            '-',
            '-',
            '-',
            seconds.toFixed(1),
            error?.name === 'BuildError' ? 'build failed' : 'host fault',
            '-',
          ]
        : [
            name,
            oneLine(image.release),
            image.sha256.slice(0, 12),
            image.build?.buildId?.slice(0, 12) ?? '-',
            seconds.toFixed(1),
            image.cached ? 'cache' : 'built',
            patchesText(image),
          ],
    ),
  );
}

/** How many patches, where they did not fit as they were written, and what the tree's era adds. */
function patchesText({ build }: KernelImage): string {
  const patches = build?.patches ?? [];
  const shifts = patches.flatMap((patch) => patch.shifts);
  const fuzzy = shifts.filter(({ fuzz }) => fuzz > 0).length;
  const offset = shifts.length - fuzzy;
  const notes = [
    ...(fuzzy > 0 ? [`${fuzzy} hunks with fuzz`] : []),
    ...(offset > 0 ? [`${offset} hunks with offsets`] : []),
  ];
  const text = notes.length === 0 ? String(patches.length) : `${patches.length}: ${notes.join(', ')}`;
  const fixups = build?.era?.map((line) => line.split(':', 1)[0]) ?? [];
  return fixups.length === 0 ? text : `${text}; fix-ups: ${fixups.join(', ')}`;
}

export function buildDocument({ name, image, error, seconds }: BuildRow): object {
  if (image !== undefined) return { ...image, wallSeconds: seconds };
  const log = error instanceof BuildError ? { fault: error.fault, logPath: error.logPath } : {};
  return { name, error: error?.message, hint: error?.hint, ...log, wallSeconds: seconds };
}

/** One kernel: its image, or why there is none. `seconds` is what getting it took, from the cache or not. */
interface BuildRow {
  readonly name: string;
  readonly image?: KernelImage;
  readonly error?: BuildError | HostFault;
  readonly seconds: number;
}

/** `onFault` is told of each failure as it comes. */
export async function buildAll(
  entries: readonly KernelEntry[],
  options: AcquireOptions,
  onFault: (error: BuildError | HostFault) => void,
): Promise<BuildRow[]> {
  const rows: BuildRow[] = [];
  // Not at once: each uses all CPUs, and kernels of one source share a folder.
  for (const entry of entries) {
    const startedMs = performance.now();
    const seconds = (): number => Math.round((performance.now() - startedMs) / 10) / 100;
    const onProgress = (text: string): void => options.onProgress?.(`${entry.name}: ${text}`);
    try {
      const image = await acquireKernel(entry, { ...options, onProgress });
      rows.push({ name: entry.name, image, seconds: seconds() });
    } catch (error) {
      if (!(error instanceof BuildError || error instanceof HostFault)) throw error;
      onFault(error);
      rows.push({ name: entry.name, error, seconds: seconds() });
    }
  }
  return rows;
}
