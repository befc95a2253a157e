/** Where a kernel may come from. A new kind is a row of KINDS and a case of kernelSource(). */
import { resolve } from 'node:path';
import { z } from 'zod';
import { buildShape, buildSource } from './build-schema.ts';
import { isHttpUrl, location, path, SHA256_KEY, sha256, strict } from './schema-parts.ts';
import type { KernelSource } from './types.ts';

/** The key that names the kind, and which further keys go with it. */
const KINDS = {
  image: { more: [SHA256_KEY] },
  deb: { more: [SHA256_KEY] },
  rpm: { more: [SHA256_KEY] },
  debian: { more: ['suite'] },
  source: { more: Object.keys(buildShape).filter((key) => key !== 'source') },
};
const KIND_NAMES = Object.keys(KINDS) as (keyof typeof KINDS)[];

const shape = {
  image: path.describe('A bzImage or vmlinuz; relative to the matrix file.').optional(),
  deb: location.describe('A Debian package with a kernel: a path, or a URL (then with sha256).').optional(),
  rpm: location.describe('An RPM with a kernel: a path, or a URL (then with sha256).').optional(),
  debian: z
    .string()
    .regex(/^[a-z0-9][a-z0-9+.-]{1,100}$/, 'must be the name of a Debian package')
    .describe('The name of a Debian package, fetched with apt from the configured mirror.')
    .optional(),
  suite: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,60}$/, 'must be the name of a suite, such as bookworm or trixie-backports')
    .describe('The Debian suite that the package is taken from.')
    .optional(),
  [SHA256_KEY]: sha256.optional(),
  ...buildShape,
};

type KernelInput = z.infer<z.ZodObject<typeof shape>>;

/** Why this combination of keys does not make a kernel, or undefined. */
function kernelFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const kinds = KIND_NAMES.filter((kind) => Object.hasOwn(value, kind));
  if (kinds.length === 0) return `must name its source: one of ${KIND_NAMES.join(', ')}`;
  if (kinds.length > 1) return `has more than one source (${kinds.join(', ')}): keep one`;
  const [kind] = kinds;
  if (kind === undefined) return undefined;
  const allowed: readonly string[] = [kind, ...KINDS[kind].more];
  const stray = Object.keys(value).find((key) => !allowed.includes(key) && Object.hasOwn(shape, key));
  if (stray !== undefined) return `${stray} does not go with ${kind}`;
  const text: unknown = (value as Readonly<Record<string, unknown>>)[kind];
  const isRemote = (kind === 'deb' || kind === 'rpm') && typeof text === 'string' && isHttpUrl(text);
  if (isRemote && !Object.hasOwn(value, SHA256_KEY))
    return 'a URL needs a sha256, so that it is the same kernel every time';
  return undefined;
}

export const kernelSchema = strict(shape)
  // `when`: said together with whatever else is wrong with the entry.
  .refine((value) => kernelFault(value) === undefined, {
    error: (issue) => kernelFault(issue.input),
    when: () => true,
  })
  .meta({
    id: 'kernel',
    description: 'A kernel: exactly one of image, deb, rpm, debian, source.',
    oneOf: KIND_NAMES.map((kind) => ({ required: [kind] })),
  });

/** A checked entry as a KernelSource; `folder` is the matrix file's, which relative paths start from. */
export function kernelSource(input: KernelInput, folder: string): KernelSource {
  if (input.source !== undefined) return buildSource({ ...input, source: input.source }, folder);
  const sha256 = input.sha256 === undefined ? {} : { sha256: input.sha256 };
  if (input.image !== undefined) return { kind: 'image', path: resolve(folder, input.image), ...sha256 };
  if (input.debian !== undefined) {
    return {
      kind: 'debian',
      package: input.debian,
      ...(input.suite === undefined ? {} : { suite: input.suite }),
    };
  }
  const [kind, text] =
    input.deb === undefined ? (['rpm', input.rpm ?? ''] as const) : (['deb', input.deb] as const);
  return { kind, location: isHttpUrl(text) ? text : resolve(folder, text), ...sha256 };
}
