/** Turns what the file system says into a fault that a user can act upon. */
import { HostFault, UserError } from '../base/errors.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT']);
/** The user named a place that cannot hold results. */
const BAD_PLACE: Readonly<Record<string, string>> = {
  EACCES: 'is not writable',
  EPERM: 'is not writable',
  EROFS: 'is on a read-only file system',
  ENOENT: 'cannot be made',
  ENOTDIR: 'is not a directory',
  EEXIST: 'is not a directory',
  ENAMETOOLONG: 'has too long a name',
  ELOOP: 'is a loop of symbolic links',
  EINVAL: 'is not a possible name',
};

export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** A write to the record failed: 'disk-full' or 'record-failed'. What was written before stays readable. */
export function toWriteError(error: unknown, path: string): HostFault {
  if (error instanceof HostFault) return error;
  const detail = error instanceof Error ? error.message : String(error);
  if (FULL.has(errnoOf(error))) {
    return new HostFault(
      'disk-full',
      `no space left to write ${path}`,
      'free some space, or choose another place with --results; what was recorded so far stays readable',
      { cause: error },
    );
  }
  return new HostFault(
    'record-failed',
    `cannot write ${path}: ${detail}`,
    'what was recorded so far stays readable',
    { cause: error },
  );
}

/** The results directory cannot be used: the user's input if it was a wrong place, else the host's fault. */
export function toResultsDirError(error: unknown, resultsDir: string): UserError | HostFault {
  const what = BAD_PLACE[errnoOf(error)];
  if (what === undefined) return toWriteError(error, resultsDir);
  return new UserError(`the results directory ${resultsDir} ${what}`, 'name another one with --results DIR', {
    cause: error,
  });
}

/** What the host refuses to any program, told as its fault wherever it comes up, and what to do about it. */
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
