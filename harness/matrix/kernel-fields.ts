/** Kinds of text that the description of a kernel is made of. */
import { z } from 'zod';

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
