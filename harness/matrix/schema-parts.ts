/** What the schemas of a matrix are made of. */
import { z } from 'zod';

/** A map with these keys and no others; the error names them, and zod-problems.ts makes a suggestion of it. */
export function strict<S extends z.core.$ZodLooseShape>(shape: S) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `known keys: ${Object.keys(shape).join(', ')}` : undefined,
  });
}

export function oneOrMore(schema: z.ZodType) {
  return z.union([schema, z.array(schema).min(1)], { error: 'must be a value or a list of values' });
}

export const SHA256_KEY = 'sha256';
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

export const path = z
  .string()
  .min(1)
  .max(4000)
  .regex(/^[^\0]*$/, 'must be a path')
  .refine((text) => !SCHEME.test(text), 'must be a path; only deb and rpm may be URLs');

export const location = z
  .string()
  .min(1)
  .max(4000)
  .regex(/^[^\0]*$/, 'must be a path or a URL')
  .refine((text) => !SCHEME.test(text) || isHttpUrl(text), 'must be a path or an http or https URL');

export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits')
  .describe('sha256 of the file; a different file is refused.');

export function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** Whether a git repository is named by an address rather than by a path: a URL, or HOST:PATH. */
export function isGitUrl(text: string): boolean {
  return SCHEME.test(text) || /^[\w.@-]+:(?!\/\/)/.test(text);
}
