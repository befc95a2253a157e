/** Kernels in Debian packages. dpkg-deb and tar are part of every Debian system. */
import { UserError } from '../../base/errors.ts';
import { runTool } from '../../host/process.ts';
import { describeContent, readHead } from './filetype.ts';
import { DYING, type PackageReader, runPipeline } from './unpack.ts';

const TREE = `${DYING} dpkg-deb --fsys-tarfile "$1"`;

export const debReader: PackageReader = {
  async list(path) {
    await refuseOther(path);
    const text = await runPipeline(`${TREE} | ${DYING} tar --list --file -`, [path], path);
    return text.split('\n').filter((line) => line !== '');
  },
  async extract(path, member, target) {
    // To stdout: whatever the archive holds, tar makes no file, follows no link and changes no mode.
    const take = `${DYING} tar --extract --to-stdout --no-wildcards --file - -- "$2" > "$3"`;
    await runPipeline(`${TREE} | ${take}`, [path, member, target], path);
  },
};

async function refuseOther(path: string): Promise<void> {
  const { head } = await readHead(path);
  const content = describeContent(head);
  if (content.what !== 'a Debian package')
    throw new UserError(`${path} is not a .deb: it is ${content.what}`);
  // Also the place where a machine without dpkg is told so.
  await runTool('dpkg-deb', ['--version'], { hint: 'apt-get install dpkg' });
}
