/** Whether a commit can be there at all, by the release of a kernel. Pure. */
import type { Exhibit } from '../matrix/exhibit.ts';
import { parseRelease } from '../verdict/kernel-generations.ts';

/** Release numbers as one number: 6.1 is below 6.12. */
function rank(major: number, minor: number): number {
  return major * 1000 + minor;
}

function rankOf(release: string): number {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  return rank(major, minor);
}

/** True also if the release is not known: what is booted decides then. */
export function isApplicable({ applies }: Exhibit, release: string | null): boolean {
  const version = release === null ? null : parseRelease(release);
  if (applies === undefined || version === null) return true;
  const own = rank(version.major, version.minor);
  return (
    (applies.from === undefined || own >= rankOf(applies.from)) &&
    (applies.before === undefined || own < rankOf(applies.before))
  );
}
