/**
 * Built emulators in the cache: build/emulators/<key>/ with bin/, share/qemu/ and emulator.json, which has the digest
 * of each file. Made under another name and renamed, so that it is there whole or not at all.
 */
import { mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Cache } from '../../host/cache.ts';
import { sha256OfFile } from '../../host/digest.ts';
import { pathsBelow } from '../../host/inside.ts';

const NOTE = 'emulator.json';

const manifestSchema = z.object({
  /** For people: a listing of the cache shows it. */
  label: z.string(),
  version: z.string(),
  debianVersion: z.string(),
  key: z.string(),
  behaviour: z.string(),
  patches: z.array(z.string()),
  compiler: z.string(),
  /** Wall time of the build. */
  seconds: z.number(),
  /** sha256 by path in the folder. */
  files: z.record(z.string(), z.string()),
});

export type Manifest = z.output<typeof manifestSchema>;

function emulatorFolder(cache: Cache, key: string): string {
  return join(cache.root, 'build', 'emulators', key);
}

/** The emulator of a key if it is there and whole, every byte checked. A damaged one is removed. */
export async function findStored(
  cache: Cache,
  key: string,
  onDamage?: (text: string) => void,
): Promise<{ folder: string; manifest: Manifest } | undefined> {
  const folder = emulatorFolder(cache, key);
  const text = await readFile(join(folder, NOTE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const manifest = parseManifest(text);
  if (manifest?.key === key && (await isWhole(folder, manifest))) {
    const now = new Date();
    await utimes(join(folder, NOTE), now, now).catch(() => {}); // Pruning goes by it.
    return { folder, manifest };
  }
  onDamage?.(`${folder} was damaged; it is removed and built again`);
  await rm(folder, { recursive: true, force: true });
  return undefined;
}

/** Moves a folder to its place; `onDifference` is told if the same key had other bytes. */
export async function storeFolder(
  cache: Cache,
  made: string,
  facts: Omit<Manifest, 'files' | 'label'>,
  onDifference?: (text: string) => void,
): Promise<Manifest> {
  const manifest: Manifest = { label: `QEMU ${facts.version}`, ...facts, files: await digests(made) };
  await writeFile(join(made, NOTE), `${JSON.stringify(manifest, null, 2)}\n`);
  const folder = emulatorFolder(cache, facts.key);
  const before = await findStored(cache, facts.key);
  if (before !== undefined && JSON.stringify(before.manifest.files) !== JSON.stringify(manifest.files)) {
    onDifference?.(`not reproducible: the same inputs gave other bytes than before in ${folder}`);
  }
  await mkdir(join(folder, '..'), { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await rename(made, folder);
  return manifest;
}

function parseManifest(text: string): Manifest | undefined {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function isWhole(folder: string, { files }: Manifest): Promise<boolean> {
  const found = await digests(folder).catch(() => undefined);
  const wanted = Object.entries(files);
  if (found === undefined || wanted.length !== Object.keys(found).length) return false;
  return wanted.every(([path, sha256]) => found[path] === sha256);
}

async function digests(folder: string): Promise<Record<string, string>> {
  const paths = (await pathsBelow(folder)).filter((path) => path !== NOTE);
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, await sha256OfFile(join(folder, path))] as const)),
  );
}
