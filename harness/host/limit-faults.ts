/** What the host refuses to any program, told as its fault wherever it comes up, and what to do about it. */
import { HostFault } from '../base/errors.ts';
import { errnoOf } from './write-faults.ts';

const LIMITS: Readonly<
  Record<string, { readonly code: string; readonly what: string; readonly hint: string }>
> = {
  EMFILE: {
    code: 'too-many-files',
    what: 'this process may not open more files',
    hint: 'raise the limit: ulimit -n 4096, or use fewer --jobs',
  },
  ENFILE: {
    code: 'too-many-files',
    what: 'this host has too many open files',
    hint: 'see sysctl fs.file-max',
  },
  ENOSPC: { code: 'no-space', what: 'no space is left', hint: 'make room there, or choose another place' },
  EDQUOT: {
    code: 'no-space',
    what: 'a disk quota is used up',
    hint: 'make room there, or choose another place',
  },
  ENOMEM: { code: 'no-memory', what: 'no memory is left', hint: 'end other programs, or use fewer --jobs' },
  EAGAIN: {
    code: 'too-many-processes',
    what: 'no more processes can be started',
    hint: 'raise the limit: ulimit -u, or use fewer --jobs',
  },
  EROFS: { code: 'read-only', what: 'a file system is read-only', hint: 'choose another place' },
};

/** The fault behind an error of the system; null if it says nothing of this host's limits. */
export function toLimitFault(error: unknown): HostFault | null {
  const limit = LIMITS[errnoOf(error)];
  if (limit === undefined) return null;
  return new HostFault(limit.code, `${limit.what}: ${(error as Error).message}`, limit.hint, {
    cause: error,
  });
}
