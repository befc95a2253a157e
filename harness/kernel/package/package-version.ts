/** Which version of its package a file says it is. */
import { UserError } from '../../base/errors.ts';
import { runTool } from '../../host/process.ts';
import { readHead } from './filetype.ts';

/** As compareDebianVersions() or compareRpmVersions() takes it. Throws UserError for what is no package. */
export async function packageVersion(kind: 'deb' | 'rpm', path: string): Promise<string> {
  if (kind === 'rpm') return rpmVersion((await readHead(path, HEADERS_BYTES)).head, path);
  const { stdout } = await runTool('dpkg-deb', ['--field', path, 'Version'], { env: { LC_ALL: 'C' } });
  return stdout.trim();
}

/** The headers of a kernel's package with some thousand modules have 2 MB; those of its files are not looked at. */
const HEADERS_BYTES = 32 * 1024 * 1024;
const LEAD_BYTES = 96;
const MAGIC = 0x8eade801;
const TAGS = { version: 1001, release: 1002, epoch: 1003 };

/** [EPOCH:]VERSION-RELEASE of the headers: rpm's docs/manual/format_header.md. */
function rpmVersion(head: Buffer, path: string): string {
  try {
    // The signature's header, padded to 8 bytes, then the package's own.
    const signature = headerAt(head, LEAD_BYTES);
    const header = headerAt(head, signature.end + ((8 - (signature.end % 8)) % 8));
    const text = (tag: number): string => {
      const at = header.find(tag);
      if (at === null) throw new RangeError(`tag ${tag} is missing`);
      return head.toString('utf8', at, head.indexOf(0, at));
    };
    const epoch = header.find(TAGS.epoch);
    const prefix = epoch === null ? '' : `${head.readUInt32BE(epoch)}:`;
    return `${prefix}${text(TAGS.version)}-${text(TAGS.release)}`;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(`${path} is damaged: its headers cannot be read`, 'copy or download it again', {
      cause: error,
    });
  }
}

/** Throws RangeError where there is none. */
function headerAt(head: Buffer, start: number) {
  if (head.readUInt32BE(start) !== MAGIC) throw new RangeError('no header');
  const count = head.readUInt32BE(start + 8);
  const data = start + 16 + count * 16;
  const end = data + head.readUInt32BE(start + 12);
  if (end > head.length) throw new RangeError('cut short');
  return {
    end,
    /** Where a tag's data lies. */
    find(tag: number): number | null {
      for (let at = start + 16; at < data; at += 16) {
        if (head.readUInt32BE(at) === tag) return data + head.readUInt32BE(at + 8);
      }
      return null;
    },
  };
}
