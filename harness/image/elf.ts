/** What an ELF program asks of its system: elf(5), read and never run, which is what ldd(1) would do. */

export interface ElfNeeds {
  /** The dynamic loader; null for a static program. */
  readonly interpreter: string | null;
  /** DT_NEEDED, in order. */
  readonly libraries: readonly string[];
}

const MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const EM_X86_64 = 62;
const [PT_LOAD, PT_DYNAMIC, PT_INTERP] = [1, 2, 3];
const [DT_NEEDED, DT_STRTAB] = [1, 5];
const ENTRY_BYTES = 56;

export function isElf(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32BE(0) === MAGIC;
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

const LIBRARIES_MAX = 1000;
/** Bytes; PATH_MAX of Linux. */
const NAME_MAX = 4096;

/** Null for what is no program of a 64-bit x86 guest, or a damaged one. Never throws. */
export function readElf(bytes: Buffer): ElfNeeds | null {
  try {
    const is64 = bytes[4] === CLASS_64 && bytes[5] === LITTLE_ENDIAN && bytes.readUInt16LE(18) === EM_X86_64;
    return isElf(bytes) && is64 ? needsOf(bytes, segmentsOf(bytes)) : null;
  } catch (error) {
    // Places beyond the end of the file.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function segmentsOf(bytes: Buffer): Segment[] {
  const start = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  if (size < ENTRY_BYTES) throw new RangeError('program headers of no size');
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, i) => {
    const at = start + i * size;
    const word = (offset: number): number => Number(bytes.readBigUInt64LE(at + offset));
    return { type: bytes.readUInt32LE(at), offset: word(8), address: word(16), size: word(32) };
  });
}

function needsOf(bytes: Buffer, segments: readonly Segment[]): ElfNeeds {
  const interpreter = segments.find(({ type }) => type === PT_INTERP);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  const entries: [tag: number, value: number][] = [];
  for (let at = dynamic?.offset ?? 0; dynamic && at + 16 <= dynamic.offset + dynamic.size; at += 16) {
    const tag = Number(bytes.readBigUInt64LE(at));
    if (tag === 0) break;
    entries.push([tag, Number(bytes.readBigUInt64LE(at + 8))]);
  }
  const strings = entries.find(([tag]) => tag === DT_STRTAB)?.[1] ?? 0;
  const home = segments.find(
    ({ type, address, size }) => type === PT_LOAD && strings >= address && strings < address + size,
  );
  const names = entries.filter(([tag]) => tag === DT_NEEDED).map(([, offset]) => offset);
  // Each is looked up: a file of nothing but names would keep us for hours.
  if (names.length > LIBRARIES_MAX) throw new RangeError('more libraries than a program has');
  if (names.length > 0 && home === undefined) throw new RangeError('the names of libraries lie nowhere');
  const table = strings - (home?.address ?? 0) + (home?.offset ?? 0);
  return {
    interpreter: interpreter === undefined ? null : textAt(bytes, interpreter.offset),
    libraries: names.map((offset) => textAt(bytes, table + offset)),
  };
}

function textAt(bytes: Buffer, at: number): string {
  if (at < 0 || at >= bytes.length) throw new RangeError('a text that lies nowhere');
  const length = bytes.subarray(at, at + NAME_MAX).indexOf(0);
  if (length < 0) throw new RangeError('a text without an end');
  return bytes.toString('latin1', at, at + length);
}
