/** Whether a commit can be there at all, by the release of a kernel. Pure. */
import { compareRpmParts } from '../base/versions.ts';
import type { Exhibit } from '../matrix/exhibit.ts';
import { parseRelease } from '../verdict/kernel-generations.ts';

/** "6.1" of "6.1.176". */
const seriesOf = (release: string): string => release.split('.').slice(0, 2).join('.');

/** True also if the release is not known: what is booted decides then. */
export function isApplicable({ applies }: Exhibit, release: string | null): boolean {
  const version = release === null ? null : parseRelease(release);
  if (applies === undefined || version === null) return true;
  const own = `${version.major}.${version.minor}`;
  const from = (bound: string): boolean => compareRpmParts(own, seriesOf(bound)) >= 0;
  return (
    (applies.from === undefined || from(applies.from)) &&
    (applies.before === undefined || !from(applies.before))
  );
}
