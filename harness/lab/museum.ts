/** The museum: exhibits in the matrix language, each with a kernel before and one after an upstream commit. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { compareRpmParts } from '../base/versions.ts';
import { projectFolder } from '../host/project.ts';
import { type Exhibit, TOPICS } from '../matrix/exhibit.ts';
import { loadMatrix } from '../matrix/load.ts';
import type { Expectation, Matrix } from '../matrix/types.ts';
import { rowOf } from '../plan/cell-id.ts';
import { makePlan } from '../plan/expand.ts';
import type { Cell } from '../plan/types.ts';

/** One guest of an exhibit, with what a kernel shows in it without the commit, and with it. */
export interface ExhibitGuest {
  /** Its axis values without the kernel. */
  readonly name: string;
  /** As it is booted: of the side `after`. */
  readonly cell: Cell;
  readonly before: Expectation;
  readonly after: Expectation;
  /** The two sides are expected to show different things there; if not, the guest is a control. */
  readonly isDecisive: boolean;
}

export interface MuseumPiece {
  /** The file's name without its ending. */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  readonly exhibit: Exhibit;
  readonly guests: readonly ExhibitGuest[];
}

/** The museum that comes along. */
export const ownMuseum = (): string => join(projectFolder(), 'matrices', 'museum');

/** Whether a commit, of 7 digits or more, is the exhibit's. */
export function isOf({ exhibit: { commit } }: Pick<MuseumPiece, 'exhibit'>, id: string): boolean {
  return id.length >= 7 && (commit.startsWith(id) || id.startsWith(commit));
}

const ENDING = '.yaml';

/** What is expected, without where it is written. */
function meaning({ from: _, ...wanted }: Expectation): string {
  return JSON.stringify(Object.entries(wanted).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Pure. Throws UserError if it is no exhibit: no header, a guest of one side alone, or two sides that are expected to do the same. */
export function pieceOf(matrix: Matrix): MuseumPiece {
  const { path, exhibit, sha256 } = matrix;
  if (exhibit === undefined)
    throw new UserError(
      `${path}: is no exhibit: it has no "exhibit" key`,
      'the page "museum" of the documentation has an example',
    );
  const { cells } = makePlan(matrix);
  const bySide = (side: string) =>
    new Map(cells.filter(({ kernel }) => kernel === side).map((cell) => [rowOf(cell), cell]));
  const [before, after] = [bySide('before'), bySide('after')];
  const names = new Set([...before.keys(), ...after.keys()]);
  const guests = [...names].map((name): ExhibitGuest => {
    const [old, cell] = [before.get(name), after.get(name)];
    if (old === undefined || cell === undefined)
      throw new UserError(
        `${path}: the guest ${name} has only the kernel "${old === undefined ? 'after' : 'before'}"`,
        'both kernels are booted in every guest of an exhibit',
      );
    const isDecisive = meaning(old.expectation) !== meaning(cell.expectation);
    return { name, cell, before: old.expectation, after: cell.expectation, isDecisive };
  });
  if (!guests.some(({ isDecisive }) => isDecisive))
    throw new UserError(
      `${path}: its two kernels are expected to do the same in every guest`,
      'an exhibit needs a guest in which they differ: rules of "expect" for each kernel',
    );
  return { name: basename(path, ENDING), path, sha256, exhibit, guests };
}

/** All exhibits of a folder, by topic and then by age. Throws UserError if there is none, or MatrixError for one that is wrong. */
export async function loadMuseum(folder: string): Promise<MuseumPiece[]> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(
      `cannot read the museum ${folder}: ${error.message}`,
      '--museum names a folder of exhibits',
    );
  });
  const pieces: MuseumPiece[] = [];
  for (const file of files.filter((name) => name.endsWith(ENDING)).sort())
    pieces.push(pieceOf(await loadMatrix(join(folder, file))));
  if (pieces.length === 0)
    throw new UserError(
      `${folder}: there is no exhibit in it`,
      'an exhibit is a matrix file NAME.yaml: docs/museum.md',
    );
  return pieces.toSorted(
    ({ exhibit: a }, { exhibit: b }) =>
      TOPICS.indexOf(a.topic) - TOPICS.indexOf(b.topic) || compareRpmParts(a.since, b.since),
  );
}
