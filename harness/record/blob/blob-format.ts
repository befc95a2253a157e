/** The form of a blob: a gzipped tar whose first entry, blob.json, lists all others with sizes and digests. */
import { z } from 'zod';
import { UserError } from '../../base/errors.ts';
import { DUMP_FILE } from '../../guest/machine/memory-dump.ts';
import { FILE_BYTES_MAX } from '../../host/inside.ts';
import { LOG_BYTES_MAX } from '../log.ts';
import { PROVENANCE_BYTES_MAX } from '../provenance/provenance-file.ts';
import { CELLS, isPlainName } from '../run-folder.ts';
import { LOG_FILE } from '../writer.ts';

export const BLOB_FORMAT = 'tscmatrix-blob';
/** Raised when a reader of the previous version could misread a blob. */
export const BLOB_VERSION = 1;
export const MANIFEST = 'blob.json';
/** Folder within the archive that holds the files of the run. */
export const RUN_PREFIX = 'run/';

const MIB = 1024 * 1024;
/** More than any run makes; what claims more is a mistake, or an attack on the disk. */
export interface BlobLimits {
  readonly manifestBytes: number;
  readonly logBytes: number;
  readonly provenanceBytes: number;
  /** Of any other file. */
  readonly fileBytes: number;
  readonly totalBytes: number;
  readonly files: number;
  /** How many times its own size a blob may unpack to, if that is more than `freeBytes`. */
  readonly ratio: number;
  readonly freeBytes: number;
}
export const BLOB_LIMITS: BlobLimits = {
  manifestBytes: 128 * MIB,
  logBytes: LOG_BYTES_MAX,
  provenanceBytes: PROVENANCE_BYTES_MAX,
  fileBytes: FILE_BYTES_MAX,
  totalBytes: 16 * 1024 * MIB,
  files: 500_000,
  // Consoles pack to a seventh; one of a flood, the same line again and again, to a thousandth.
  ratio: 100,
  freeBytes: 256 * MIB,
};

function bytesMax(path: string, limits: BlobLimits): number {
  if (path === LOG_FILE) return limits.logBytes;
  return path.includes('/') ? limits.fileBytes : limits.provenanceBytes;
}

const LABEL = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,59}$/;

const manifest = z.looseObject({
  format: z.literal(BLOB_FORMAT),
  version: z.int().positive(),
  /** What the user calls the host that the run was on. */
  label: z.string().regex(LABEL),
  run: z.string(),
  files: z.array(
    z.strictObject({
      /** Within the run's folder. */
      path: z.string(),
      size: z.int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});
export type BlobManifest = z.output<typeof manifest>;
export type BlobFile = BlobManifest['files'][number];

/** Throws UserError for a label that would not be one plain word. */
export function checkedLabel(label: string): string {
  if (LABEL.test(label)) return label;
  throw new UserError(
    `${JSON.stringify(label)} cannot be the label of a host`,
    'a label begins with a letter or digit and has up to 60 letters, digits, ".", "_", "+" and "-"',
  );
}

/** A host's name as a label. */
export function labelFrom(hostname: string): string {
  const word = hostname.replaceAll(/[^A-Za-z0-9._+-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return word.slice(0, 60) || 'host';
}

/** Whether a path is one that a run's folder has: its log, its provenance, and the files of its boots. The memory of a guest stays where it is. */
export function isRunFile(path: string): boolean {
  if (path === LOG_FILE || /^provenance(-\d{1,6})?\.json$/.test(path)) return true;
  const [cells, cell = '', boot = '', ...rest] = path.split('/');
  return (
    cells === CELLS &&
    isPlainName(cell) &&
    /^boot-[1-9]\d{0,8}$/.test(boot) &&
    rest.length >= 1 &&
    rest.length <= 4 &&
    rest.every(isPlainName) &&
    rest.at(-1) !== DUMP_FILE
  );
}

/** Checks blob.json of a blob that has so many bytes itself. Throws UserError that names the blob. */
export function parseManifest(
  text: string,
  blob: string,
  limits: BlobLimits,
  packedBytes = Number.POSITIVE_INFINITY,
): BlobManifest {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw notBlob(blob, `its ${MANIFEST} is no JSON: ${(error as Error).message}`);
  }
  const version = z.looseObject({ format: z.literal(BLOB_FORMAT), version: z.int() }).safeParse(raw);
  if (version.success && version.data.version > BLOB_VERSION) {
    throw new UserError(
      `${blob} is a blob of version ${version.data.version}; this program reads up to ${BLOB_VERSION}`,
      'merge with the tscmatrix that wrote it, or a newer one',
    );
  }
  const parsed = manifest.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw notBlob(blob, `its ${MANIFEST} is not as described: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  checkFiles(parsed.data.files, blob, limits, packedBytes);
  return parsed.data;
}

function checkFiles(files: readonly BlobFile[], blob: string, limits: BlobLimits, packedBytes: number): void {
  const seen = new Set<string>();
  let total = 0;
  for (const { path, size } of files) {
    const name = JSON.stringify(path);
    if (!isRunFile(path)) throw notBlob(blob, `it holds ${name}, which is no file of a run`);
    if (seen.has(path)) throw notBlob(blob, `it holds ${name} twice`);
    const most = bytesMax(path, limits);
    if (size > most) throw tooLarge(blob, `${name} has ${size} bytes`, most);
    seen.add(path);
    total += size;
  }
  if (files.length > limits.files) throw tooLarge(blob, `it holds ${files.length} files`, limits.files);
  if (total > limits.totalBytes) throw tooLarge(blob, `it holds ${total} bytes`, limits.totalBytes);
  if (total > limits.freeBytes && total > packedBytes * limits.ratio)
    throw tooLarge(blob, `it unpacks to ${Math.floor(total / packedBytes)} times its size`, limits.ratio);
  if (!seen.has(LOG_FILE)) throw notBlob(blob, `it holds no ${LOG_FILE}`);
}

export function notBlob(blob: string, why: string, cause?: unknown): UserError {
  return new UserError(
    `${blob} cannot be used as a blob: ${why}`,
    'blobs come from: tscmatrix run --blob, or tscmatrix blob',
    {
      cause,
    },
  );
}

export function tooLarge(blob: string, what: string, limit: number): UserError {
  return notBlob(blob, `${what}; no run is that large (limit ${limit})`);
}
