/**
 * Kernels in RPM packages, read by bsdtar: one small Debian package (libarchive-tools) on a library that is
 * mostly there already, if rpm2cpio brings five packages and still needs cpio behind it.
 */
import { UserError } from '../../base/errors.ts';
import { runTool } from '../../host/process.ts';
import { describeContent, readHead } from './filetype.ts';
import { type PackageReader, runPipeline } from './unpack.ts';

export const rpmReader: PackageReader = {
  async list(path) {
    await refuseOther(path);
    const text = await runPipeline('exec bsdtar -tf "$1"', [path], path);
    return text.split('\n').filter((line) => line !== '');
  },
  async extract(path, member, target) {
    // To stdout, see deb.ts. bsdtar takes the name as a pattern; findKernelMembers lets no pattern characters through.
    await runPipeline('exec bsdtar -xOf "$1" -- "$2" > "$3"', [path, member, target], path);
  },
};

async function refuseOther(path: string): Promise<void> {
  const { head } = await readHead(path);
  const content = describeContent(head);
  if (content.what !== 'an RPM package') throw new UserError(`${path} is not an .rpm: it is ${content.what}`);
  await runTool('bsdtar', ['--version'], { hint: 'apt-get install libarchive-tools' });
}
