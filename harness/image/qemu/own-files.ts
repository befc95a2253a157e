/** The sources and firmware from a folder of the user's, in place of Debian's archive: each file by the digest that SHA256SUMS there says. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { sha256OfFile } from '../../host/digest.ts';
import { runTool } from '../../host/process.ts';
import { FIRMWARE, MESON, SOURCE, SUITE } from './origins.ts';
import type { Origins, Pinned } from './types.ts';

export interface OwnFiles {
  readonly folder: string;
  readonly origins: Origins;
  /** .deb files by package. */
  readonly debs: Readonly<Record<string, string>>;
}

const SUMS = 'SHA256SUMS';

/** The files of a source package, in the order of Debian's index: it is part of what tells emulators apart. */
const SOURCE_FILES = [/^qemu_[^_]+\.dsc$/, /^qemu_[^_]+\.orig\.tar\.\w+$/, /^qemu_[^_]+\.debian\.tar\.\w+$/];

/** Throws UserError with all that is missing, or is not what SHA256SUMS says. */
export async function readOwnFiles(folder: string): Promise<OwnFiles> {
  const sums = await readSums(folder);
  const names = await readdir(folder);
  const packages = [MESON, ...Object.keys(FIRMWARE)];
  const wanted = [...SOURCE_FILES, ...packages.map((name) => new RegExp(`^${name}_[^_]+_\\w+\\.deb$`))];
  const found = wanted.map((pattern) => names.filter((name) => pattern.test(name)));
  const problems = found.flatMap((some, at) =>
    some.length === 1
      ? []
      : [`${some.length === 0 ? 'no' : 'more than one'} file like ${wanted[at]?.source}`],
  );
  const files: { name: string; sha256: string; bytes: number }[] = [];
  for (const [name] of found) {
    if (name === undefined) continue;
    const path = join(folder, name);
    const sha256 = await sha256OfFile(path);
    if (sums.get(name) !== sha256)
      problems.push(
        `${name} has the sha256 ${sha256}, and ${SUMS} says ${sums.get(name) ?? 'nothing of it'}`,
      );
    files.push({ name, sha256, bytes: (await stat(path)).size });
  }
  if (problems.length > 0)
    throw new UserError(
      `${folder} cannot be what QEMU is built from:\n  ${problems.join('\n  ')}`,
      `the files of Debian's source package ${SOURCE} and the packages ${packages.join(', ')} of ${SUITE}: docs/pinned-qemu.md`,
    );
  const source = files.slice(0, SOURCE_FILES.length);
  const [, version = ''] =
    /^Version: (\S+)/m.exec(await readFile(join(folder, source[0]?.name ?? ''), 'utf8')) ?? [];
  const debs: Record<string, string> = {};
  const pinned: Record<string, Pinned> = {};
  for (const [at, name] of packages.entries()) {
    const file = files[SOURCE_FILES.length + at] as (typeof files)[number];
    debs[name] = join(folder, file.name);
    const { stdout } = await runTool('dpkg-deb', ['--field', debs[name], 'Version'], {
      hint: 'apt-get install dpkg',
    });
    pinned[name] = { version: stdout.trim(), sha256: file.sha256 };
  }
  return { folder, debs, origins: { suite: SUITE, source: { version, files: source }, packages: pinned } };
}

/** As sha256sum writes it. */
async function readSums(folder: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(folder, SUMS), 'utf8').catch((error: Error) => {
    throw new UserError(
      `${join(folder, SUMS)} cannot be read: ${error.message}`,
      `it has the digests that you trust, as "sha256sum * > ${SUMS}" writes them`,
    );
  });
  return new Map(
    [...text.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm)].map(([, sha256 = '', name = '']) => [name, sha256]),
  );
}
