/** Checks of the host itself: Node, room on the disks, the cache, CPUs and memory. */
import { statfs, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { cacheRoot, openCache, withTemporary } from '../host/cache.ts';
import { defaultJobs } from '../lab/schedule.ts';
import { DEFAULT_GUEST } from '../matrix/settings.ts';
import type { Check } from './context.ts';
import { type CheckResult, missing, ok, unusable } from './types.ts';

const MIB = 1024 * 1024;
/** A handful of packaged kernels of 10 to 60 MB with their packages. */
const CACHE_ROOM_MIB = 512;
/** Consoles and sockets of guests, and a kernel while it is unpacked. */
const TEMP_ROOM_MIB = 128;
/** A tree of 1.5 GB and its objects, twice. */
const BUILD_ROOM_MIB = 8 * 1024;

function mibText(mib: number): string {
  return mib >= 10 * 1024 ? `${Math.floor(mib / 1024)} GiB` : `${Math.floor(mib)} MiB`;
}

/** `wanted` has the form ">=24". */
export function nodeResult(version: string, wanted: string): CheckResult {
  const least = Number(/(\d+)/.exec(wanted)?.[1]);
  const found = `Node ${version}; ${wanted} is needed`;
  return Number(version.split('.')[0]) >= least
    ? ok(found)
    : unusable(
        found,
        '"npm ci" in a checkout and "npm install" of the package bring their own; else install a newer Node',
      );
}

export function roomResult(where: string, folder: string, freeMiB: number, neededMiB: number): CheckResult {
  const found = `${mibText(freeMiB)} free for ${where} (${folder})`;
  if (freeMiB >= neededMiB) return ok(found);
  return unusable(
    `${found}; ${mibText(neededMiB)} are needed`,
    where === 'temporary files'
      ? 'free some space, or set TMPDIR to a folder on a larger file system'
      : 'free some space, or set TSCMATRIX_CACHE to a folder on a larger file system',
  );
}

async function room(where: string, folder: string, neededMiB: number): Promise<CheckResult> {
  const fs = await statfs(folder);
  return roomResult(where, folder, (fs.bavail * fs.bsize) / MIB, neededMiB);
}

export function memoryResult(
  freeMiB: number,
  totalMiB: number,
  usableCpus: number,
  jobs: number,
): CheckResult {
  const guests = jobs === 1 ? 'one guest' : `${jobs} guests`;
  const found = `${usableCpus} CPUs, ${mibText(freeMiB)} of ${mibText(totalMiB)} memory free: ${guests} of ${DEFAULT_GUEST.memoryMiB} MiB at once`;
  return freeMiB >= DEFAULT_GUEST.memoryMiB
    ? ok(found)
    : unusable(found, 'end other programs, or give the guests less memory (memory: 256M in the matrix)');
}

/** As the launcher asks for it; package.json's engines.node is what installs the package, with the Node that runs it. */
const NODE_WANTED = '>=24';

async function findCache(): Promise<CheckResult> {
  const cache = await openCache();
  await withTemporary(cache, (folder) => writeFile(join(folder, 'trial'), 'tscmatrix'));
  return ok(`a file was written to ${cache.root}`);
}

async function findPlatform(): Promise<CheckResult> {
  const found = `${process.platform}, ${process.arch}, ${cpus()[0]?.model.trim() || 'CPU of unknown model'}`;
  return process.platform === 'linux' && process.arch === 'x64'
    ? ok(found)
    : missing(found, 'use an x86-64 machine with Linux: guests, helpers and the TSC itself are x86-64');
}

const topic = 'host';

export const HOST_CHECKS: readonly Check[] = [
  { topic, name: 'platform', needed: 'always', runsNothing: true, find: findPlatform },
  {
    topic,
    name: 'Node',
    needed: 'always',
    runsNothing: true,
    find: async () => nodeResult(process.versions.node, NODE_WANTED),
  },
  {
    topic,
    name: 'CPUs and memory',
    needed: 'always',
    runsNothing: true,
    find: async () =>
      memoryResult(
        freemem() / MIB,
        totalmem() / MIB,
        availableParallelism(),
        defaultJobs(DEFAULT_GUEST.memoryMiB),
      ),
  },
  { topic, name: 'cache', needed: 'always', runsNothing: true, find: findCache },
  {
    topic,
    name: 'room in the cache',
    needed: 'always',
    runsNothing: true,
    find: async () => {
      await openCache();
      return room('the cache', cacheRoot(), CACHE_ROOM_MIB);
    },
  },
  {
    topic,
    name: 'room for temporary files',
    needed: 'always',
    runsNothing: true,
    find: () => room('temporary files', tmpdir(), TEMP_ROOM_MIB),
  },
];

export const ROOM_FOR_BUILDS: Check = {
  topic: 'kernel builds',
  name: 'room for builds',
  needed: 'for building kernels',
  runsNothing: true,
  find: async () => {
    await openCache();
    return room('kernel builds', cacheRoot(), BUILD_ROOM_MIB);
  },
};
