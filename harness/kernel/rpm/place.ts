/**
 * The folder that a source RPM is prepared, changed and built in, which is rpmbuild's _topdir too:
 *
 *   SPECS/ SOURCES/      the package's own, as it would be shipped
 *   original/ changed/   two copies of the tree behind %prep; the second is the user's to change
 *   RPMS/ build.log      what a build made
 *   BUILD/ BUILDROOT/    of a build that did not end well
 *   tmp/ bin/            ours
 *   tscmatrix-rpm.json   what it is
 */
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { writeWhole } from '../../host/write-whole.ts';
import { canMakeBtf, type Fitted, fitSpec, withoutBtf } from './fit.ts';
import { type Inputs, standIns, type Topdir } from './rpmbuild.ts';

const NOTE = 'tscmatrix-rpm.json';
const VERSION = 1;

export interface Place extends Topdir {
  readonly note: PlaceNote;
}

export interface PlaceNote {
  readonly version: typeof VERSION;
  readonly stage: 'preparing' | 'prepared';
  /** Path of the source RPM. */
  readonly srpm: string;
  /** File name of the spec. */
  readonly spec: string;
  readonly dist: string;
  /** Name of the patch that we made, in SOURCES. */
  readonly patch?: string;
  /** Object files of the last build that ended well. */
  readonly objects?: number;
}

export async function readNote(path: string): Promise<PlaceNote | undefined> {
  const text = await readFile(join(path, NOTE), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as PlaceNote);
}

export async function writeNote(path: string, note: PlaceNote): Promise<void> {
  await writeWhole(join(path, NOTE), `${JSON.stringify(note, null, 2)}\n`);
}

/** Throws UserError for a folder that no source RPM was prepared in. */
export async function openPlace(folder: string, jobs?: number): Promise<Place> {
  const path = resolve(folder);
  const note = await readNote(path);
  if (note?.stage !== 'prepared' || note.version !== VERSION)
    throw new UserError(
      `${path}: no source RPM was prepared there`,
      'tscmatrix rpm prepare KERNEL.src.rpm --output DIR',
    );
  return { path, dist: note.dist, note, jobs };
}

export const specPath = ({ path, note }: Place): string => join(path, 'SPECS', note.spec);

/** A spec fitted to this host, with the sources that go with it, in the place's tmp. */
export interface FittedInputs extends Inputs, Omit<Fitted, 'spec'> {
  /** Path of the spec that rpmbuild is to take. */
  readonly spec: string;
}

/** `text`: the spec. Sources are links to the place's own, but for configurations that ask for what cannot be had. */
export async function fitInputs({ path, note }: Place, text: string): Promise<FittedInputs> {
  const folder = join(path, 'tmp', 'fitted');
  await rm(folder, { recursive: true, force: true });
  const [specs, sources] = [join(folder, 'SPECS'), join(folder, 'SOURCES')];
  for (const each of [specs, sources]) await mkdir(each, { recursive: true });
  const fitted = fitSpec(text);
  const spec = join(specs, note.spec);
  await writeFile(spec, fitted.spec);
  const off = [...fitted.off, ...(await standIns())];
  const btf = await canMakeBtf();
  for (const name of await readdir(join(path, 'SOURCES'))) {
    const own = join(path, 'SOURCES', name);
    const config =
      !btf && /\.config$|^config[-.]/.test(name) ? withoutBtf(await readFile(own, 'utf8')) : null;
    if (config === null) await symlink(own, join(sources, name));
    else {
      await writeFile(join(sources, name), config);
      off.push(`CONFIG_DEBUG_INFO_BTF in ${name}: pahole (Debian's dwarves) is not installed`);
    }
  }
  return { specs, sources, spec, switches: fitted.switches, off };
}
