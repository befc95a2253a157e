/** The exhibits of the museum that a backport should flip: those of the commits that its patch is like. */
import { isOf, loadMuseum, type MuseumPiece, ownMuseum } from '../lab/museum.ts';
import type { PatchReport } from './patch/types.ts';

/** None if guests were chosen: only these are meant then. */
export async function exhibitsOf(
  reports: readonly (PatchReport | null)[],
  filters: readonly string[],
): Promise<readonly MuseumPiece[]> {
  if (filters.length > 0) return [];
  const alike = reports.flatMap((report) => report?.alike ?? []).filter(({ reverse }) => !reverse);
  if (alike.length === 0) return [];
  const museum = await loadMuseum(ownMuseum());
  return museum.filter((piece) => alike.some(({ id }) => isOf(piece, id)));
}
