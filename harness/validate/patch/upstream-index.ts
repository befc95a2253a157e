/** The commits that the project knows: images/kernels/upstream/index.yaml and the patches beside it. */
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../base/errors.ts';
import { readInput } from '../../kernel/make/input-file.ts';
import { kernelImagesFolder } from '../../kernel/make/paths.ts';
import { parsePatch } from '../../kernel/patch/patch-text.ts';
import { parseYaml } from '../../matrix/yaml.ts';
import { changesOfPatches } from './lines.ts';
import { patchIdOf } from './read.ts';
import type { UpstreamCommit } from './upstream.ts';

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
