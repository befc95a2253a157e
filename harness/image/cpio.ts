/**
 * Writes an initramfs in the "newc" form (Documentation/driver-api/early-userspace/buffer-format.rst in Linux).
 * Our own few lines and not cpio(1): entries sorted, times and owners zero, inode numbers by position, and device
 * nodes without being root, so that the same inputs give the same bytes everywhere.
 */

export type Entry =
  | { readonly path: string; readonly kind: 'folder' }
  | { readonly path: string; readonly kind: 'file'; readonly mode: number; readonly bytes: Uint8Array }
  | {
      readonly path: string;
      readonly kind: 'character-device';
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFCHR = 0o020000;
/** The kernel takes an archive in steps of this size; cpio pads to it. */
const BLOCK_BYTES = 512;

function header(fields: readonly number[]): Buffer {
  return Buffer.from(
    `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`,
    'latin1',
  );
}

function padTo(length: number, step: number): Buffer {
  return Buffer.alloc((step - (length % step)) % step);
}

interface Inode {
  readonly mode: number;
  readonly bytes: Uint8Array;
  readonly device: readonly [number, number];
}

function inodeOf(entry: Entry): Inode {
  switch (entry.kind) {
    case 'folder':
      return { mode: S_IFDIR | 0o755, bytes: new Uint8Array(), device: [0, 0] };
    case 'file':
      return { mode: S_IFREG | entry.mode, bytes: entry.bytes, device: [0, 0] };
    case 'character-device':
      return { mode: S_IFCHR | entry.mode, bytes: new Uint8Array(), device: [entry.major, entry.minor] };
  }
}

function member(path: string, number: number, inode: Inode): Buffer {
  const name = Buffer.from(`${path}\0`, 'latin1');
  const links = (inode.mode & 0o170000) === S_IFDIR ? 2 : 1;
  const [major, minor] = inode.device;
  const fields = [number, inode.mode, 0, 0, links, 0, inode.bytes.length, 0, 0, major, minor, name.length, 0];
  const head = Buffer.concat([header(fields), name]);
  return Buffer.concat([head, padTo(head.length, 4), inode.bytes, padTo(inode.bytes.length, 4)]);
}

/** The archive's bytes. Paths are relative, without a leading "./"; every folder must be named. */
export function packInitramfs(entries: readonly Entry[]): Buffer {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  const members = sorted.map((entry, index) => member(entry.path, index + 1, inodeOf(entry)));
  const trailer = member('TRAILER!!!', 0, { mode: 0, bytes: new Uint8Array(), device: [0, 0] });
  const archive = Buffer.concat([...members, trailer]);
  return Buffer.concat([archive, padTo(archive.length, BLOCK_BYTES)]);
}
