/** The kernels of a build as a table for people, and as a document. */
import { oneLine } from '../base/safe-text.ts';
import { plainTable } from '../base/table.ts';
import { BuildError } from './acquire.ts';
import type { BuildRow } from './build-all.ts';
import type { KernelImage } from './types.ts';

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

/** How many patches, and where they did not fit as they were written. */
function patchesText({ build }: KernelImage): string {
  const patches = build?.patches ?? [];
  const shifts = patches.flatMap((patch) => patch.shifts);
  const fuzzy = shifts.filter(({ fuzz }) => fuzz > 0).length;
  const offset = shifts.length - fuzzy;
  const notes = [
    ...(fuzzy > 0 ? [`${fuzzy} hunks with fuzz`] : []),
    ...(offset > 0 ? [`${offset} hunks with offsets`] : []),
  ];
  return notes.length === 0 ? String(patches.length) : `${patches.length}: ${notes.join(', ')}`;
}

export function buildDocument({ name, image, error, seconds }: BuildRow): object {
  if (image !== undefined) return { ...image, wallSeconds: seconds };
  const log = error instanceof BuildError ? { fault: error.fault, logPath: error.logPath } : {};
  return { name, error: error?.message, hint: error?.hint, ...log, wallSeconds: seconds };
}
