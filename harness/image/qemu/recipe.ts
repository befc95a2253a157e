/** What we bring to QEMU's source: patches, devices and options; and the keys that follow from all of it. */
import { basename, join } from 'node:path';
import { sha256OfParts } from '../../host/digest.ts';
import { imagesFolder } from '../../host/project.ts';
import { type InputFile, readInput } from '../../kernel/make/input-file.ts';
import type { Toolchain } from './toolchain.ts';
import type { Origins } from './types.ts';

export interface Recipe {
  readonly patches: readonly InputFile[];
  /** A device list in the language of QEMU's configs/devices. */
  readonly devices: InputFile;
}

/** Why each: docs/pinned-qemu.md. */
export const CONFIGURE_OPTIONS: readonly string[] = [
  '--target-list=x86_64-softmmu',
  '--without-default-features',
  '--without-default-devices',
  '--with-devices-x86_64=tscmatrix',
  '--enable-system',
  '--enable-tcg',
  '--enable-kvm',
  '--enable-seccomp',
  '--enable-fdt=system',
  '--disable-install-blobs',
  '--disable-docs',
  '--disable-tools',
  '--disable-werror',
  '--disable-debug-info',
  '--disable-plugins',
  '--enable-trace-backends=nop',
  '--disable-qom-cast-debug',
  '--extra-cflags=-fzero-call-used-regs=skip',
  '--disable-pie',
  // Firmware is looked for beside the program's folder, in ../share/qemu (get_relocated_path() in util/cutils.c).
  '--prefix=/usr',
];

/** In which way the folder of a result is laid out, and what is done beside configure and ninja. */
const LAYOUT = '1';

/** images/qemu of the project, or another folder like it. Throws UserError if a file of it is missing. */
export async function readRecipe(folder: string = join(imagesFolder(), 'qemu')): Promise<Recipe> {
  const series = await readInput('the series', join(folder, 'patches', 'series'));
  const names = series.content
    .toString('utf8')
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)#.*/, '').trim())
    .filter((line) => line !== '');
  return {
    patches: await Promise.all(names.map((name) => readInput('the patch', join(folder, 'patches', name)))),
    devices: await readInput('the device list', join(folder, 'devices.mak')),
  };
}

export interface Keys {
  /** Decides the program's bytes and the firmware's. */
  readonly key: string;
  /** Decides how a guest behaves. */
  readonly behaviour: string;
}

export function keysOf(origins: Origins, recipe: Recipe, toolchain: Toolchain): Keys {
  const { meson, ...firmware } = origins.packages;
  const behaviour = sha256OfParts({
    source: JSON.stringify(origins.source.files.map(({ name, sha256 }) => [name, sha256])),
    firmware: JSON.stringify(Object.entries(firmware).map(([name, { sha256 }]) => [name, sha256])),
    // Only what a patch changes counts, not what its file is called.
    patches: JSON.stringify(recipe.patches.map(({ sha256 }) => sha256)),
    devices: recipe.devices.sha256,
    options: JSON.stringify(CONFIGURE_OPTIONS),
  });
  const meta = { meson: meson?.sha256 ?? '', layout: LAYOUT };
  return { behaviour, key: sha256OfParts({ behaviour, toolchain: toolchain.identity, ...meta }) };
}

export function patchNames({ patches }: Recipe): string[] {
  return patches.map(({ name }) => basename(name));
}
