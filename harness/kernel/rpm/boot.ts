/** The kernel of a source RPM that was built, or of a package, as something to boot. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UserError } from '../../base/errors.ts';
import type { KernelEntry } from '../../matrix/types.ts';
import { guestNeeds } from '../package/guest-needs.ts';
import { kernelAmong } from './build.ts';
import { openPlace } from './place.ts';

export interface Bootable {
  readonly entry: KernelEntry;
  /** For people: which package, and what of it the guest needs. */
  readonly about: string;
}

/** `given`: an .rpm, or the folder of rpm prepare. Throws UserError where nothing was built. */
export async function bootable(given: string): Promise<Bootable> {
  const found = await stat(given).catch(() => null);
  if (found?.isDirectory() !== true) return about(resolve(given));
  const place = await openPlace(resolve(given));
  const folder = join(place.path, 'RPMS');
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const packages = names.filter((name) => name.endsWith('.rpm')).map((name) => join(folder, name));
  if (packages.length === 0)
    throw new UserError(`${given}: nothing is built there yet`, `tscmatrix rpm build ${given}`);
  return about(await kernelAmong(packages, folder));
}

async function about(rpm: string): Promise<Bootable> {
  const needs = await guestNeeds('rpm', rpm);
  const entry = { name: basename(rpm), source: { kind: 'rpm', location: rpm } } as const;
  return { entry, about: `${basename(rpm)}: ${needs}` };
}
