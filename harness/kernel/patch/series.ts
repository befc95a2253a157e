/** Series files: a named list of patches for each variant. images/kernels/patches/series.yaml is one. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../base/errors.ts';
import { suggestion } from '../../base/suggest.ts';
import { parseYaml } from '../../matrix/yaml.ts';
import { type InputFile, readInput } from '../make/input-file.ts';

const seriesSchema = z.strictObject({
  'applies-to': z.array(z.string()).optional(),
  variants: z.record(
    z.string(),
    z.strictObject({ about: z.string().optional(), patches: z.array(z.string()) }),
  ),
});

/** The patches of a variant, in order. Paths start from the series file's folder. */
export async function readSeries(file: string, variant: string): Promise<InputFile[]> {
  const { content } = await readInput('the series', file);
  const document = parseYaml(content.toString('utf8'));
  const [problem] = document.problems;
  if (problem !== undefined)
    throw new UserError(`${file}:${problem.line}:${problem.column}: ${problem.message}`);
  const checked = seriesSchema.safeParse(document.value);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new UserError(
      `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a series'}`,
      'a series is "variants:" with a name and "patches: [file, ...]" each',
    );
  }
  const found = Object.hasOwn(checked.data.variants, variant) ? checked.data.variants[variant] : undefined;
  if (found === undefined) {
    throw new UserError(
      `${file} has no variant ${JSON.stringify(variant)}`,
      suggestion(variant, Object.keys(checked.data.variants)),
    );
  }
  const folder = dirname(file);
  return Promise.all(found.patches.map((patch) => readInput('the patch', resolve(folder, patch))));
}
