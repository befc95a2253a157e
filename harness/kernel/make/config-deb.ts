/** The configuration of a distribution's kernel, from its package. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { downloadFile, isUrl } from '../../host/download.ts';
import type { ConfigBase } from '../../matrix/types.ts';
import { checkSha256 } from '../from-file.ts';
import { debReader } from '../package/deb.ts';
import { digestOfFile } from '../tree/file-digest.ts';
import type { AcquireOptions } from '../types.ts';

type DebBase = Extract<ConfigBase, { kind: 'deb' }>;

const CONFIG = /^(?:\.\/)?(?:boot\/config-[\w.+~-]+|usr\/lib\/modules\/[\w.+~-]+\/config)$/;

export async function configOfDeb(base: DebBase, scratch: string, options: AcquireOptions): Promise<string> {
  let path = base.location;
  if (isUrl(base.location)) {
    if (base.sha256 === undefined) throw new UserError(`${base.location} needs its sha256`);
    path = join(scratch, 'package.deb');
    options.onProgress?.(`downloading ${base.location}`);
    await downloadFile(base.location, path, {
      sha256: base.sha256,
    });
  } else checkSha256(path, await digestOfFile(path, options), base.sha256);
  const member = (await debReader.list(path)).find((name) => CONFIG.test(name));
  if (member === undefined) throw new UserError(`${base.location} holds no boot/config-*`);
  const target = join(scratch, 'config');
  await debReader.extract(path, member, target);
  return readFile(target, 'utf8');
}
