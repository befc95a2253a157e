/** Folders whose content is trusted: nobody but the user (and root) may be able to put anything there. */
import { chmod, lstat, mkdir, stat } from 'node:fs/promises';
import { HostFault } from '../base/errors.ts';

const OTHERS_MAY_WRITE = 0o002;
const GROUP_MAY_WRITE = 0o020;

/**
 * Makes the folder for the user alone, or looks whose it is. Throws HostFault for one of somebody else's, for a link that
 * somebody else has put there, and for one that everybody may write to.
 */
export async function ensureOwnFolder(path: string, what: string, hint: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const fault = (why: string): HostFault =>
    new HostFault('cache-unusable', `${what} ${path} is not used: ${why}`, hint);
  const link = await lstat(path);
  const found = await stat(path);
  if (!isOurs(link.uid) || !isOurs(found.uid)) {
    const owner = isOurs(link.uid) ? found.uid : link.uid;
    throw fault(
      `it belongs to the user with the id ${owner}, who could put other programs and kernels there`,
    );
  }
  if ((found.mode & OTHERS_MAY_WRITE) !== 0)
    throw fault('everybody may write to it, and could have put other programs and kernels there');
  if ((found.mode & GROUP_MAY_WRITE) !== 0) await chmod(path, found.mode & 0o7755);
}

function isOurs(uid: number): boolean {
  return uid === process.getuid?.() || uid === 0;
}
