/** Runs a search to its end, or resumes one. Everything it knows is in the journal; a step is done once. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { HostFault, UserError } from '../base/errors.ts';
import { openCache } from '../host/cache.ts';
import { withLock } from '../host/lock.ts';
import { BuildError } from '../kernel/acquire.ts';
import type { AcquireOptions } from '../kernel/types.ts';
import { testDigestsOf } from '../lab/make-ready.ts';
import { needQemu, sameQemu } from '../lab/need-qemu.ts';
import { type CandidateImage, type Candidates, openCandidates } from './candidates.ts';
import { decide, type End, type State } from './decide.ts';
import type { SearchSpec } from './entries.ts';
import { type GitBisect, marksOf, startGitBisect } from './git-bisect.ts';
import { type Journal, openJournal } from './journal.ts';
import { messageEvidence } from './message-evidence.ts';
import { type SearchOptions as NewSearch, newSearchFolder, prepareSearch } from './prepare.ts';
import { type SearchState, searchStateOf, sideText, sideWord } from './state.ts';
import { openTester, type Tester } from './tester.ts';
import type { View } from './view.ts';

export interface SearchResult {
  readonly end: End;
  readonly spec: SearchSpec;
  readonly subjects: Candidates;
  readonly state: SearchState;
  readonly belief: State['belief'];
  readonly journal: Journal;
  /** What git's own bisect says; null if there is no git, or it has no answer. */
  readonly gitSays: string | null;
}

export interface SearchOptions {
  readonly view: View;
  /** The system's QEMU: the user's word, which must be that of the journal. */
  readonly qemu: string;
  /** Boots kernels; by default really. */
  readonly tester?: Tester;
}

/** Faults of the host in a row that are put up with. */
const MOST_FAULTS = 3;

/** Begins a search in a new folder. */
export async function startSearch(folder: string, spec: SearchSpec): Promise<void> {
  const journal = await openJournal(folder);
  await journal.add({ type: 'started', version: 1, at: now(), spec });
  await journal.close();
}

/**
 * Goes on with the search in a folder until it has an end. Throws HostFault if the host fails again and again, and
 * if it is interrupted: the search can be resumed then.
 */
export async function runSearch(folder: string, options: SearchOptions): Promise<SearchResult> {
  const lock = { purpose: `a search in ${folder}`, onWait: options.view.said };
  return withLock(folder, 'bisect', lock, async () => {
    const journal = await openJournal(folder);
    try {
      return await followJournal(folder, journal, options);
    } finally {
      await journal.close();
    }
  });
}

async function followJournal(
  folder: string,
  journal: Journal,
  { view, qemu: given, tester: own }: SearchOptions,
): Promise<SearchResult> {
  const [started] = journal.entries;
  if (started?.type !== 'started') throw new Error(`${journal.path} does not begin with its start`);
  const { spec } = started;
  if (!isDeepStrictEqual(await testDigestsOf(spec.cell), spec.testDigests ?? []))
    throw new UserError(
      'a test of the search is another one now',
      'restore it, or begin anew without --resume',
    );
  const subjects = await openCandidates(spec);
  const { cell, timeoutS } = spec;
  const qemu = (): string => sameQemu('the search', spec.qemu, given, `tscmatrix bisect --resume ${folder}`);
  const tester = own ?? openTester({ cell, qemu: qemu(), timeoutS, onProgress: view.doing });
  const cache = await openCache();
  const options: AcquireOptions = {
    cache,
    onProgress: view.doing,
    ...(spec.jobs === null ? {} : { jobs: spec.jobs }),
  };
  const paths = new Map<string, string>();
  let bisect: GitBisect | null = null;
  let faults = 0;
  let shown = '';
  for (;;) {
    const state = searchStateOf(spec, journal.entries);
    const decided = decide(subjects.search, state.seen, costOf(spec, state));
    if (spec.subjects.kind === 'commits' && state.met !== null) {
      bisect ??= await startGitBisect(folder, spec.subjects, state.met);
      await bisect.mark(marksOf(subjects.search, state, decided.belief));
    }
    const { action, belief } = decided;
    if (action.kind === 'end') {
      if (journal.entries.at(-1)?.type !== 'finished') {
        await journal.add({ type: 'finished', at: now(), end: action.end.kind });
      }
      const gitSays = (await bisect?.answer()) ?? null;
      return { end: action.end, spec, subjects, state, belief, journal, gitSays };
    }
    const { id } = action;
    if (shown !== `${action.purpose} ${id}`) view.status(statusOf(subjects, state, decided, id));
    shown = `${action.purpose} ${id}`;
    let path = paths.get(id);
    if (path === undefined) {
      const known = state.seen.images.get(id);
      const image = await getImage(id, known, subjects, journal, spec, options);
      if (image === null) {
        view.said(`${subjects.name(id)}: does not build, skipped`);
        continue;
      }
      path = image.path;
      paths.set(id, path);
      // It may be the same as another one's, and then there is nothing to boot.
      if (known === undefined) continue;
    }
    const boot = (state.subjects.get(id)?.boots.length ?? 0) + 1;
    const place = join('boots', `${subjects.name(id)}-${boot}`);
    const judged = await tester.boot(path, join(folder, place));
    if (judged.kind === 'host-fault') {
      faults++;
      await journal.add({ type: 'fault', at: now(), subject: id, reason: judged.reason });
      view.said(`${subjects.name(id)}: the host failed, which says nothing: ${judged.reason}`);
      if (faults < MOST_FAULTS) continue;
      throw new HostFault(
        'boots-failed',
        `${faults} boots in a row failed by the host's fault: ${judged.reason}`,
        AGAIN,
      );
    }
    faults = 0;
    const { observation, met, reason, transcriptSha256, seconds } = judged;
    await journal.add({
      type: 'boot',
      at: now(),
      subject: id,
      boot,
      verdict: observation.verdict,
      met,
      reason,
      available: observation.available,
      current: observation.current,
      ppm: observation.ppm,
      evidence: [
        ...(await messageEvidence(join(folder, place), spec.cell.expectation)),
        ...(observation.tests ?? []).flatMap(({ evidence }) => evidence),
        ...(observation.diagnosis?.evidence ?? []),
      ],
      transcriptSha256,
      folder: place,
      seconds,
    });
    const after = searchStateOf(spec, journal.entries);
    const subject = after.subjects.get(id);
    const word = subject === undefined ? '' : sideText(subject, after.met);
    view.said(`${word}: ${`${subjects.name(id)} ${subjects.title(id)}`.trim()}: ${reason}`);
  }
}

const AGAIN = 'tscmatrix doctor says what is wrong; tscmatrix bisect --resume goes on from here';
const now = (): string => new Date().toISOString();

/** Null if it does not build. Both are in the journal. */
async function getImage(
  id: string,
  known: string | undefined,
  subjects: Candidates,
  journal: Journal,
  spec: SearchSpec,
  options: AcquireOptions,
): Promise<CandidateImage | null> {
  const startedMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - startedMs) / 10) / 100;
  try {
    const image = await subjects.image(id, options);
    if (known !== undefined && known !== image.sha256) {
      throw new HostFault(
        'input-changed',
        `the kernel of ${subjects.name(id)} is another one now: sha256 ${image.sha256}, before ${known}`,
        'start the search anew',
      );
    }
    if (known === undefined) {
      const { sha256, release, origin, key, cached } = image;
      const entry = { type: 'image', at: now(), subject: id, sha256, release, origin, key, cached } as const;
      await journal.add({ ...entry, seconds: seconds() });
    }
    return image;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const reason = error.message;
    if (spec.cell.expectation.registration.includes('build-failed')) {
      await journal.add({ ...UNBUILT, at: now(), subject: id, reason, seconds: seconds() });
    } else {
      const logPath = error.logPath ?? null;
      await journal.add({ type: 'skipped', at: now(), subject: id, reason, logPath, seconds: seconds() });
    }
    return null;
  }
}

/** A build that fails may be just what is searched for. */
const UNBUILT = {
  type: 'boot',
  boot: 1,
  verdict: 'build-failed',
  met: true,
  available: null,
  current: null,
  ppm: null,
  evidence: [],
  transcriptSha256: null,
  folder: '',
} as const;

/** In noisy searches: a boot of what has to be built first costs as many boots as fit into the time of a build. */
function costOf(spec: SearchSpec, state: SearchState): ((id: string) => number) | undefined {
  if (spec.subjects.kind === 'kernels' || spec.cell.guest.clock === 'deterministic') return undefined;
  const all = [...state.subjects.values()];
  const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;
  const builds = all.flatMap(({ image }) => (image === null || image.cached ? [] : [image.seconds]));
  const boots = all.flatMap((subject) => subject.boots.map(({ seconds }) => seconds));
  if (builds.length < 2 || boots.length === 0) return undefined;
  // The first one was from nothing; later ones are not.
  const build = mean(builds.slice(1)) / mean(boots);
  return (id) => (state.seen.images.has(id) ? 1 : 1 + build);
}

function statusOf(subjects: Candidates, state: SearchState, { action, summary }: State, id: string) {
  const { exact, history } = subjects.search;
  const best = history.ids[summary.best] ?? '';
  return {
    subject: `${subjects.name(id)} ${subjects.title(id)}`.trim(),
    purpose: action.kind === 'test' ? action.purpose : '',
    left: summary.left,
    candidates: history.ids.length,
    tests: new Set([...state.seen.boots.keys(), ...state.seen.skipped]).size,
    testsLeft: action.kind === 'test' ? action.stepsLeft : 0,
    best: exact
      ? null
      : `likeliest first ${sideWord('new', state.met ?? 'old')}: ${subjects.name(best)}, ${(summary.share * 100).toFixed(1)} %`,
  };
}

/** Gives the folder. Throws UserError for what cannot be searched. */
export async function beginSearch(
  words: NewSearch,
  results: string,
  { onProgress }: { readonly onProgress: (text: string) => void },
): Promise<string> {
  await needQemu(words.qemu);
  const cache = await openCache();
  const { spec, notes } = await prepareSearch(words, { cache, onProgress });
  for (const note of notes) onProgress(note);
  const folder = await newSearchFolder(results, spec, new Date());
  await startSearch(folder, spec);
  return folder;
}
