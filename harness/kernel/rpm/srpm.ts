/** Takes a source RPM apart: its spec and its sources, into folders of ours. */
import { lstat, readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { describeContent, readHead } from '../package/filetype.ts';
import { runPipeline } from '../package/unpack.ts';
import type { Topdir } from './rpmbuild.ts';

export interface Srpm {
  readonly path: string;
  /** File name of its spec. */
  readonly spec: string;
  readonly members: readonly string[];
  /** ".el7", from the name of the file; empty if that says none. */
  readonly dist: string;
}

/** Throws UserError for what is no source RPM with one spec. */
export async function readSrpm(path: string): Promise<Srpm> {
  const { what } = describeContent((await readHead(path)).head);
  if (what !== 'an RPM package') throw new UserError(`${path} is not a source RPM: it is ${what}`);
  const text = await runPipeline('exec bsdtar -tf "$1"', [path], path, 'apt-get install libarchive-tools');
  const members = text.split('\n').filter((line) => line !== '');
  const specs = members.filter((name) => name.endsWith('.spec'));
  const [spec] = specs;
  // A source RPM is flat.
  const deep = members.find((name) => name.includes('/'));
  if (deep !== undefined || spec === undefined)
    throw new UserError(
      `${path} is not a source RPM: it has ${spec === undefined ? 'no spec' : `the member ${JSON.stringify(deep)}`} among its ${members.length} members`,
      'a source RPM is named like kernel-3.10.0-957.el7.src.rpm; a binary one boots by "tscmatrix boot"',
    );
  if (specs.length > 1)
    throw new UserError(
      `${path} has more than one spec: ${specs.join(', ')}`,
      'a source RPM has one: make it again of the one that you mean, with "rpmbuild -bs"',
    );
  return { path, spec, members, dist: distOf(basename(path)) };
}

/** ".el7" of kernel-3.10.0-957.el7.src.rpm and of kernel-3.10.0-957.el7.local.src.rpm. */
export function distOf(name: string): string {
  return /\.(?:el|fc|amzn|oe|an|tl|uel)\d+\w*/.exec(name)?.[0] ?? '';
}

/** Puts the sources into SOURCES and the spec into SPECS. */
export async function unpackSrpm({ path, spec }: Srpm, topdir: Topdir): Promise<void> {
  const sources = join(topdir.path, 'SOURCES');
  await runPipeline(
    'exec bsdtar -xf "$1" -C "$2" --no-same-owner --no-same-permissions',
    [path, sources],
    path,
  );
  for (const name of await readdir(sources)) {
    if (!(await lstat(join(sources, name))).isFile())
      throw new UserError(`${path} is refused: its member ${JSON.stringify(name)} is no plain file`);
  }
  await rename(join(sources, spec), join(topdir.path, 'SPECS', spec));
}
