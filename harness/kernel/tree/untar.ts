/** Unpacks tar archives. */
import { HostFault } from '../../base/errors.ts';
import { tryTool } from '../../host/process.ts';
import { tarFault } from './tar-check.ts';

/** Unpacks a checked archive, whatever it is compressed with, into an empty folder. */
export async function untar(path: string, into: string): Promise<void> {
  const args = ['--extract', '--no-same-owner', '--no-same-permissions', '--delay-directory-restore'];
  const result = await tryTool('tar', [...args, '--file', path, '--directory', into], {
    // xz unpacks block by block on all CPUs if it is asked to; tar hands its environment on.
    env: { LC_ALL: 'C', XZ_DEFAULTS: '-T0' },
    hint: 'apt-get install tar',
  });
  if (result.exitCode === 0) return;
  if (/No space left|Disk quota/.test(result.stderr)) throw noSpace(`to unpack ${path}`);
  const missing = /tar \(child\): (\S+): Cannot exec/.exec(result.stderr)?.[1];
  if (missing !== undefined) {
    const name = missing === 'xz' ? 'xz-utils' : missing;
    throw new HostFault('tool-missing', `the program ${missing} is not installed`, `apt-get install ${name}`);
  }
  throw tarFault(path, result.stderr);
}

export function noSpace(what: string): HostFault {
  return new HostFault(
    'no-space',
    `no space left ${what}`,
    'a tree with its build takes 2 GB: "tscmatrix kernels --prune" makes room, TSCMATRIX_CACHE names another folder',
  );
}
