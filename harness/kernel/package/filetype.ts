/** Says what a file is that is not what was asked for. */
import { isUtf8 } from 'node:buffer';
import { open, stat } from 'node:fs/promises';
import { UserError } from '../../base/errors.ts';

interface Kind {
  readonly what: string;
  readonly hint?: string;
}

const HEAD_BYTES = 4096;

/** The first bytes of a regular file, and its size. Anything else than a regular file is a UserError. */
export async function readHead(path: string, bytes = HEAD_BYTES): Promise<{ head: Buffer; bytes: number }> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') throw new UserError(`${path}: no such file`);
    throw unreadable(path, error);
  });
  if (found.isDirectory()) {
    throw new UserError(
      `${path} is a directory`,
      'name the file itself, for example arch/x86/boot/bzImage in a kernel tree',
    );
  }
  if (!found.isFile()) throw new UserError(`${path} is not a regular file`);
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error);
  });
  try {
    const head = Buffer.alloc(Math.min(bytes, found.size));
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return { head: head.subarray(0, bytesRead), bytes: found.size };
  } finally {
    await file.close();
  }
}

/** What the first bytes say the file is. */
export function describeContent(head: Buffer): Kind {
  if (head.length === 0) return { what: 'an empty file' };
  const magic = MAGICS.find(({ at, bytes }) => head.subarray(at, at + bytes.length).equals(bytes));
  if (magic !== undefined) return magic;
  if (head.subarray(0, 4).equals(ELF)) return describeElf(head);
  // Not how it begins: the path is a matrix's, and the file may be anybody's.
  if (looksLikeText(head)) return { what: 'text' };
  return { what: 'data of an unknown kind' };
}

function magic(bytes: string, what: string, hint?: string, at = 0) {
  return { at, bytes: Buffer.from(bytes, 'latin1'), what, ...(hint === undefined ? {} : { hint }) };
}

const UNPACK = 'if a kernel is packed in it, unpack it first';
const INITRAMFS = 'this looks like an initramfs; the kernel beside it is usually named vmlinuz';

const MAGICS = [
  magic('!<arch>\ndebian-binary', 'a Debian package', 'give it as deb, not as an image'),
  magic('\xed\xab\xee\xdb', 'an RPM package', 'give it as rpm, not as an image'),
  magic('\x1f\x8b', 'gzip data', UNPACK),
  magic('\xfd7zXZ\0', 'xz data', UNPACK),
  magic('BZh', 'bzip2 data', UNPACK),
  magic('\x28\xb5\x2f\xfd', 'zstd data', UNPACK),
  magic('\x02\x21\x4c\x18', 'LZ4 data', UNPACK),
  magic('070701', 'a cpio archive', INITRAMFS),
  magic('070702', 'a cpio archive', INITRAMFS),
  magic('ustar', 'a tar archive', UNPACK, 257),
  magic('PK\x03\x04', 'a zip archive', UNPACK),
  magic('QFI\xfb', 'a qcow2 disk image'),
  magic('\x27\x05\x19\x56', 'a U-Boot image'),
  magic('ARM\x64', 'a kernel for arm64', 'an x86-64 kernel is needed', 0x38),
  magic(
    'MZ',
    'an EFI program without a Linux boot header',
    'from a unified kernel image, take its .linux section',
  ),
];

const ELF = Buffer.from('\x7fELF', 'latin1');

/** See elf(5): class at 4, byte order at 5, type at 16, machine at 18. */
function describeElf(head: Buffer): Kind {
  if (head.length < 20) return { what: 'a cut ELF file' };
  const little = head[5] === 1;
  const type = little ? head.readUInt16LE(16) : head.readUInt16BE(16);
  const machine = little ? head.readUInt16LE(18) : head.readUInt16BE(18);
  if (type === 1) return { what: 'an ELF object file (a kernel module?)' };
  if (type === 4) return { what: 'an ELF core dump' };
  if (machine !== 62 && machine !== 3) return { what: `an ELF file for another machine (${machine})` };
  return {
    what: `an ELF file of ${head[4] === 1 ? 32 : 64} bits, such as vmlinux`,
    hint: 'use the compressed image instead: arch/x86/boot/bzImage of the same build, or vmlinuz',
  };
}

function looksLikeText(head: Buffer): boolean {
  // The last character may be cut by the end of the head.
  const whole = [0, 1, 2, 3].some((cut) => isUtf8(head.subarray(0, Math.max(0, head.length - cut))));
  // No control characters but tab, line feed, carriage return and escape.
  return (
    whole && head.every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13 || byte === 27)
  );
}

function unreadable(path: string, error: Error): UserError {
  return new UserError(`cannot read ${path}: ${error.message}`, undefined, { cause: error });
}
