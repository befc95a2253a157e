/**
 * A folder in which variants of one source are built one after the other: a tree made of hard links to the unpacked
 * source, and kbuild's output. Going from one variant to the next, only files whose content differs are written, so
 * that make compiles what depends on them and nothing else.
 *
 * state.json is written before anything is changed and after a build has ended. Whenever we are killed, it names at
 * least the files that may differ from the source, and that a build was going on.
 */
import { mkdir, readFile, realpath, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { HostFault, UserError } from '../../base/errors.ts';
import { runTool, tryTool } from '../../host/process.ts';
import { writeWhole } from '../../host/write-whole.ts';
import { type ChangedFile, type Overlay, readChanged, sameFile } from '../patch/apply.ts';
import { noSpace } from '../tree/untar.ts';
import { BuildError } from './errors.ts';
import type { Inputs } from './recipe.ts';

export interface WorkState {
  readonly version: 1;
  readonly label: string;
  /** Paths whose content may differ from the source's. */
  readonly touched: readonly string[];
  /** Set while a build is going on: when it began, in ms since 1970. */
  readonly buildingSinceMs: number | null;
  /** When the last build ended. */
  readonly endedMs: number;
  /** Decides the configuration together with the folder's own key; null if there is none. */
  readonly configured: string | null;
  readonly unknownOptions: readonly string[];
  /** Missing in the notes of earlier versions. */
  readonly unmetOptions?: readonly string[];
  /** Of a distribution's tree: what another one with the same configuration and toolchain finds it by (kin.ts). */
  readonly kin?: string;
  /** When the output was copied from another folder, with its dates. */
  readonly copiedMs?: number;
  /** Which start of the machine wrote this: after another one, what was written last may not be on the disk. */
  readonly bootId?: string;
}

export interface Work {
  readonly folder: string;
  readonly tree: string;
  readonly out: string;
  readonly lockFile: string;
}

const STATE = 'state.json';
/** Files are dated by the kernel's clock tick, which is a little behind. */
const SLACK_MS = 2000;
/** What was written longer ago is on the disk: dirty_expire_centisecs is 30 s, and a journal's commit takes some more. */
const UNWRITTEN_MS = 60_000;

export function workAt(folder: string): Work {
  return {
    folder,
    tree: join(folder, 'tree'),
    out: join(folder, 'out'),
    lockFile: join(folder, 'running.lock'),
  };
}

/** Of a folder that nothing was built in yet. */
export const newState = (label: string): WorkState => ({
  version: 1,
  label,
  touched: [],
  buildingSinceMs: null,
  endedMs: 0,
  configured: null,
  unknownOptions: [],
});

export async function readState(folder: string): Promise<WorkState | undefined> {
  const text = await readFile(join(folder, STATE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const state = JSON.parse(text) as WorkState;
    return state.version === 1 ? state : undefined;
  } catch {
    return undefined;
  }
}

export async function writeState(work: Work, state: WorkState): Promise<void> {
  const written = { ...state, bootId: await bootId() };
  await writeWhole(join(work.folder, STATE), `${JSON.stringify(written)}\n`);
}

/** Another one after each start of the machine: random(4). */
async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** Makes the folder fit for a build, whatever happened in it before. Call it under the folder's lock. */
export async function openWork(work: Work, source: string, label: string): Promise<WorkState> {
  return (await settledState(work)) ?? createWork(work, source, label);
}

/** What the folder holds, without what a killed build or a power cut may have left half done; undefined if it is of no use. */
export async function settledState(work: Work): Promise<WorkState | undefined> {
  const state = await readState(work.folder);
  // Clocks can be set back; objects dated in the future would pass for up to date.
  const usable =
    state !== undefined && state.endedMs <= Date.now() && (state.buildingSinceMs ?? 0) <= Date.now();
  return usable && !(await isCopyUnwritten(state)) ? settleWork(work, state) : undefined;
}

/** After a power cut, files of a copy can be empty, and no date tells which ones. */
async function isCopyUnwritten({ copiedMs, endedMs, bootId: written }: WorkState): Promise<boolean> {
  return copiedMs !== undefined && endedMs < copiedMs + UNWRITTEN_MS && written !== (await bootId());
}

async function settleWork(work: Work, state: WorkState): Promise<WorkState> {
  const isOtherStart = state.bootId !== (await bootId());
  if (state.buildingSinceMs === null && !isOtherStart) return state;
  // Processes of a build that was killed may live on for a moment; they hold this lock.
  await runTool('flock', [work.lockFile, 'true']);
  // A compiler that was killed leaves half an object, dated now, that make would take for a whole one; a power cut
  // leaves empty ones, with the dates of whole ones.
  const unwritten =
    isOtherStart && state.endedMs > 0 ? state.endedMs - UNWRITTEN_MS : Number.POSITIVE_INFINITY;
  const firstMs = Math.min(state.buildingSinceMs ?? Number.POSITIVE_INFINITY, unwritten);
  if (firstMs === Number.POSITIVE_INFINITY) return state;
  const since = ((firstMs - SLACK_MS) / 1000).toFixed(3);
  await runTool('find', [work.out, '-type', 'f', '-newermt', `@${since}`, '-delete'], {
    env: { LC_ALL: 'C' },
  });
  return { ...state, buildingSinceMs: null, configured: null };
}

async function createWork(work: Work, source: string, label: string): Promise<WorkState> {
  await rm(work.folder, { recursive: true, force: true });
  await mkdir(work.out, { recursive: true });
  await copyFolder(source, work.tree, 'link');
  const state = newState(label);
  await writeState(work, state);
  return state;
}

/** With all dates, into a place that is not there yet. Throws HostFault. */
export async function copyFolder(from: string, to: string, how: 'link' | 'copy'): Promise<void> {
  // --archive also keeps cp from following links, which --link by itself makes it do.
  const words = ['--archive', ...(how === 'link' ? ['--link'] : []), from, to];
  const copied = await tryTool('cp', words, { env: { LC_ALL: 'C' } });
  if (/No space left/.test(copied.stderr)) throw noSpace('for a build folder');
  if (copied.exitCode !== 0)
    throw new HostFault('tool-failed', `cannot ${how} ${from}: ${copied.stderr.trim().split('\n')[0]}`);
}

/** Gives the tree the content of a variant. Returns the state of a build that has begun, already written. */
export async function enterVariant(
  work: Work,
  source: string,
  state: WorkState,
  overlay: Overlay,
): Promise<WorkState> {
  const touched = [...new Set([...state.touched, ...overlay.keys()])].sort();
  const begun: WorkState = { ...state, touched, buildingSinceMs: Date.now() };
  await writeState(work, begun);
  for (const path of touched) {
    const wanted = overlay.get(path) ?? (await readChanged(source, path));
    if (!sameFile(wanted, await readChanged(work.tree, path))) await replaceFile(work, path, wanted);
  }
  return begun;
}

/** Of a folder, or of the first one above it that is there. */
async function realpathOfDeepest(folder: string): Promise<string> {
  return realpath(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return realpathOfDeepest(dirname(folder));
  });
}

/** By a new file in place of the old one, which may be the source's own; its date is now. */
async function replaceFile(work: Work, path: string, { content, mode }: ChangedFile): Promise<void> {
  const target = join(work.tree, path);
  const folder = dirname(target);
  // A link among the folders could lead out of our copy and into somebody's tree: before anything is made or removed there.
  const top = await realpath(work.tree);
  const real = await realpathOfDeepest(folder);
  if (real !== top && !real.startsWith(`${top}${sep}`)) {
    throw new UserError(`${path} is behind a link that leads out of the tree`);
  }
  if (content === null) return unlink(target);
  await mkdir(folder, { recursive: true });
  const made = join(folder, `.tscmatrix-new-${basename(path)}`);
  await rm(made, { force: true });
  await writeFile(made, content, { mode });
  await rename(made, target);
}

/** After a build that ended by itself, well or not: what of the tree is still the variant's. */
export async function leaveVariant(work: Work, state: WorkState, overlay: Overlay): Promise<void> {
  await writeState(work, {
    ...state,
    touched: [...overlay.keys()],
    buildingSinceMs: null,
    endedMs: Date.now(),
  });
}

/** Files that a toolchain entry puts into the tree, on top of the patches. */
export async function withExtraFiles(overlay: Overlay, tree: string, { extra }: Inputs): Promise<Overlay> {
  const all = new Map(overlay);
  for (const { path, from } of extra) {
    const before = await readChanged(tree, path);
    const file: ChangedFile =
      typeof from === 'string'
        ? (overlay.get(from) ?? (await readChanged(tree, from)))
        : { content: from.content, mode: before.mode };
    if (file.content === null)
      throw new BuildError(
        'config',
        `the extra file ${path} is to be a copy of ${from}, which this tree does not have`,
      );
    if (!sameFile(before, file)) all.set(path, file);
  }
  return all;
}
