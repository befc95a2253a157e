/** The upstream commits that patches are compared with, wherever their text comes from. */

import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../base/errors.ts';
import { readInput } from '../../kernel/make/input-file.ts';
import { kernelImagesFolder } from '../../kernel/make/paths.ts';
import { parsePatch } from '../../kernel/patch/patch-text.ts';
import { parseYaml } from '../../matrix/yaml.ts';
import { type Changes, changesOfPatches, counts } from './lines.ts';
import { patchIdOf } from './read.ts';
import { presenceOf, type TreeView } from './tree-view.ts';
import type { Likeness, RelatedCommit, Relation } from './types.ts';

/** How sure the text of a commit is. `partial`: see images/kernels/upstream/index.yaml. */
export interface UpstreamCommit {
  readonly id: string;
  readonly title: string;
  readonly release: string | null;
  readonly changes: Changes;
  /** Null if the text at hand cannot give it. */
  readonly patchId: string | null;
  readonly partial: boolean;
  /** Of the commits known here: why somebody who backports wants to know. */
  readonly why: string | null;
  /** Commits without which this one does nothing, or does not compile. */
  readonly needs: readonly string[];
  /** Commits that mend or change what this one did. */
  readonly followedBy: readonly string[];
}

/** Commits are named by twelve digits or more. */
export function sameCommit(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

/** Commits that somebody who backports this patch should know of. */
const WEIGHT: readonly Relation[] = ['prerequisite', 'follow-up', 'same-lines', 'same-function'];

/** `base` is the tree before the patch; null without one. */
export async function relatedCommits(
  patch: Changes,
  alike: readonly Likeness[],
  commits: readonly UpstreamCommit[],
  base: TreeView | null,
): Promise<RelatedCommit[]> {
  const related: RelatedCommit[] = [];
  for (const commit of commits) {
    if (alike.some(({ id }) => sameCommit(id, commit.id))) continue;
    const relation = relationOf(patch, alike, commits, commit);
    if (relation === null) continue;
    const { id, title, release } = commit;
    const why = commit.why ?? 'it changes the same place';
    const inTree = base === null ? null : await presenceOf(commit.changes, base);
    related.push({ id, title, release, relation, places: commonPlaces(patch, commit.changes), inTree, why });
  }
  return related.sort((a, b) => WEIGHT.indexOf(a.relation) - WEIGHT.indexOf(b.relation));
}

function relationOf(
  patch: Changes,
  alike: readonly Likeness[],
  commits: readonly UpstreamCommit[],
  { id, changes }: UpstreamCommit,
): Relation | null {
  const like = commits.filter((one) => alike.some((like) => !like.reverse && sameCommit(like.id, one.id)));
  if (like.some(({ needs }) => needs.some((one) => sameCommit(one, id)))) return 'prerequisite';
  if (like.some(({ followedBy }) => followedBy.some((one) => sameCommit(one, id)))) return 'follow-up';
  const keys = new Set(patch.lines.filter(counts).map(({ file, key }) => `${file}\0${key}`));
  if (changes.lines.some((line) => counts(line) && keys.has(`${line.file}\0${line.key}`)))
    return 'same-lines';
  return commonPlaces(patch, changes).length > 0 ? 'same-function' : null;
}

/** Functions that both change, as "file: function()". */
function commonPlaces(a: Changes, b: Changes): string[] {
  const of = ({ hunks }: Changes) =>
    hunks.flatMap(({ file, function: name }) => (name === null ? [] : [`${file}: ${name}`]));
  const others = new Set(of(b));
  return [...new Set(of(a).filter((place) => others.has(place)))];
}

/** The commits that the project knows: images/kernels/upstream/index.yaml and the patches beside it. */
const idSchema = z.string().regex(/^[0-9a-f]{12,40}$/);

const indexSchema = z.strictObject({
  commits: z.array(
    z.strictObject({
      id: idSchema,
      title: z.string(),
      release: z.string().regex(/^v\d+\.\d+$/),
      partial: z.boolean(),
      why: z.string(),
      obtained: z.string(),
      needs: z.array(idSchema).default([]),
      'followed-by': z.array(idSchema).default([]),
    }),
  ),
});

export function upstreamFolder(): string {
  return join(kernelImagesFolder(), 'upstream');
}

export async function knownCommits(): Promise<UpstreamCommit[]> {
  const folder = upstreamFolder();
  const path = join(folder, 'index.yaml');
  const { content } = await readInput('the list of upstream commits', path);
  const document = parseYaml(content.toString('utf8'));
  const [problem] = document.problems;
  if (problem !== undefined) throw new UserError(`${path}:${problem.line}: ${problem.message}`);
  const checked = indexSchema.safeParse(document.value);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new UserError(`${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'no list of commits'}`);
  }
  return Promise.all(
    checked.data.commits.map(async (commit): Promise<UpstreamCommit> => {
      const text = (await readInput('the upstream commit', join(folder, `${commit.id}.patch`))).content;
      return {
        id: commit.id,
        title: commit.title,
        release: commit.release,
        changes: changesOfPatches([{ name: commit.id, files: parsePatch(text.toString('latin1')) }]),
        patchId: commit.partial ? null : await patchIdOf(text),
        partial: commit.partial,
        why: commit.why,
        needs: commit.needs,
        followedBy: commit['followed-by'],
      };
    }),
  );
}
