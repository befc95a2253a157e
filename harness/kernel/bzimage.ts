/**
 * The header of an x86 kernel image. Offsets and meanings: Documentation/arch/x86/boot.rst,
 * "The Real-Mode Kernel Header".
 */
import { UserError } from '../base/errors.ts';
import { describeContent, readHead } from './package/filetype.ts';

interface KernelHeader {
  /** uname -r, or "unknown" if the image holds no version. */
  readonly release: string;
  /** The whole version text: release, builder, number and date of the build. */
  readonly version: string;
  /** Version of the boot protocol, for example 0x020f. */
  readonly protocol: number;
  /** Undefined if the protocol is too old (before 2.12, Linux 3.8) to say. */
  readonly is64Bit: boolean | undefined;
  readonly bytes: number;
}

const SECTOR_BYTES = 512;
const PARAGRAPH_BYTES = 16;
/** setup_sects is one byte, so the real-mode part, which holds the version text, is at most this long. */
const HEAD_BYTES = 256 * SECTOR_BYTES;
const HEADER_BYTES = 0x238;

const AT = {
  setupSects: 0x1f1,
  syssize: 0x1f4,
  bootFlag: 0x1fe,
  magic: 0x202,
  version: 0x206,
  kernelVersion: 0x20e,
  loadflags: 0x211,
  xloadflags: 0x236,
} as const;
const LOADED_HIGH = 1;
const XLF_KERNEL_64 = 1;

/** Reads and checks a bzImage or vmlinuz. Anything that QEMU could not boot as x86-64 Linux is a UserError. */
export async function readKernelImage(path: string): Promise<KernelHeader> {
  const { head, bytes } = await readHead(path, HEAD_BYTES);
  const isKernel =
    head.length >= AT.version + 2 && head.toString('latin1', AT.magic, AT.magic + 4) === 'HdrS';
  if (!isKernel || head.readUInt16LE(AT.bootFlag) !== 0xaa55) {
    const { what, hint } = describeContent(head);
    throw new UserError(
      `${path} is not a kernel image: it is ${what}`,
      hint ?? 'a bzImage or vmlinuz for x86-64 is needed',
    );
  }
  if (head.length < HEADER_BYTES) throw truncated(path, bytes, HEADER_BYTES);
  const protocol = head.readUInt16LE(AT.version);
  if (protocol < 0x0200 || ((head[AT.loadflags] ?? 0) & LOADED_HIGH) === 0) {
    throw new UserError(`${path} is a zImage, or a kernel from before Linux 2.4`, 'a bzImage is needed');
  }
  // 0 means 4, for compatibility with the oldest kernels.
  const setupBytes = ((head[AT.setupSects] || 4) + 1) * SECTOR_BYTES;
  // Before 2.04 only the lower half of syssize is valid.
  const paragraphs = protocol >= 0x0204 ? head.readUInt32LE(AT.syssize) : head.readUInt16LE(AT.syssize);
  const needed = setupBytes + paragraphs * PARAGRAPH_BYTES;
  if (bytes < needed) throw truncated(path, bytes, needed);
  const is64Bit = protocol >= 0x020c ? (head.readUInt16LE(AT.xloadflags) & XLF_KERNEL_64) !== 0 : undefined;
  const version = versionText(head, setupBytes);
  const release = version.split(' ', 1)[0] || 'unknown';
  if (is64Bit === false) {
    throw new UserError(`${path} is a 32-bit kernel (${release})`, 'a kernel for x86-64 is needed');
  }
  return { release, version, protocol, is64Bit, bytes };
}

/** kernel_version is an offset from 0x200 to a text that ends in NUL; 0 means that there is none. */
function versionText(head: Buffer, setupBytes: number): string {
  const pointer = head.readUInt16LE(AT.kernelVersion);
  const start = pointer + 0x200;
  if (pointer === 0 || start >= setupBytes) return '';
  const end = head.indexOf(0, start);
  const text = head.toString('latin1', start, end < 0 ? setupBytes : Math.min(end, setupBytes));
  // The text goes to terminals and reports, and its first word into a file name.
  return text.replace(/[^\x20-\x7e]/g, '?').trim();
}

function truncated(path: string, bytes: number, needed: number): UserError {
  return new UserError(
    `${path} is cut short: ${bytes} bytes, its header asks for ${needed}`,
    'copy or download it again',
  );
}
