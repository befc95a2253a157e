/** What the journal comes to: which side each subject is on, and why. Pure. */
import type { Expectation, Verdict } from '../matrix/types.ts';
import type { Side, Tally } from './decide.ts';
import type { BootEntry, Entry, Imaged, SearchSpec, Skipped } from './entries.ts';
import type { Counts } from './noise.ts';

/** Verdicts of guests that never got as far as what the expectation asks about. */
export const NOT_TESTED: readonly Verdict[] = [
  'build-failed',
  'boot-failed',
  'panicked',
  'hung',
  'no-evidence',
  'undetermined',
];
/** In real time a guest may fail to come up once; a subject is given up after so many boots without an answer. */
const GIVE_UP = 3;

export interface CandidateState {
  readonly id: string;
  readonly image: Imaged | null;
  readonly skipped: Skipped | null;
  readonly boots: readonly BootEntry[];
  readonly olds: number;
  readonly news: number;
  /** Boots that came to no answer. */
  readonly untested: number;
}

export interface SearchState {
  readonly seen: Tally;
  readonly subjects: ReadonlyMap<string, CandidateState>;
  /** Which side meets the expectation; null while the ends do not tell. */
  readonly met: Side | null;
  readonly builds: number;
  readonly boots: number;
}

const otherSide = (side: Side): Side => (side === 'old' ? 'new' : 'old');

/** Of a guest that was not as expected: whether it is so for coming too short, and not for what was asked of it. */
export function isNoAnswer(verdict: Verdict, { registration }: Expectation): boolean {
  return NOT_TESTED.includes(verdict) && !(registration as readonly Verdict[]).includes(verdict);
}

/** Whether a boot says anything: what fails to come up does so for reasons of its own, unless that is what is searched. */
function isAnswer(boot: BootEntry, failures: ReadonlySet<Verdict>, expectation: Expectation): boolean {
  return boot.met || !isNoAnswer(boot.verdict, expectation) || failures.has(boot.verdict);
}

/** The side of the old end's first boot tells what is searched if the command line did not. */
function metSide(spec: SearchSpec, boots: readonly BootEntry[]): Side | null {
  if (spec.met !== null) return spec.met;
  const first = boots.find(({ subject }) => subject === spec.subjects.old);
  return first === undefined ? null : first.met ? 'old' : 'new';
}

/** How the end that is not as expected fails: of other subjects the same failure is an answer. */
function failuresOf(spec: SearchSpec, met: Side | null, boots: readonly BootEntry[]): ReadonlySet<Verdict> {
  if (met === null) return new Set();
  const id = met === 'old' ? spec.subjects.new : spec.subjects.old;
  return new Set(boots.filter((boot) => boot.subject === id && !boot.met).map(({ verdict }) => verdict));
}

export function searchStateOf(spec: SearchSpec, entries: readonly Entry[]): SearchState {
  const exact = spec.cell.guest.clock === 'deterministic';
  const all = entries.filter((entry) => entry.type === 'boot');
  const met = metSide(spec, all);
  const failures = failuresOf(spec, met, all);
  const ends = new Set([spec.subjects.old, spec.subjects.new]);
  const subjects = new Map<string, CandidateState>();
  const update = (id: string, change: (state: CandidateState) => CandidateState): void => {
    const fresh = { id, image: null, skipped: null, boots: [], olds: 0, news: 0, untested: 0 };
    subjects.set(id, change(subjects.get(id) ?? fresh));
  };
  for (const entry of entries) {
    if (entry.type === 'image') update(entry.subject, (state) => ({ ...state, image: entry }));
    if (entry.type === 'skipped') update(entry.subject, (state) => ({ ...state, skipped: entry }));
    if (entry.type !== 'boot') continue;
    // An end is what it is; whether it is the right one is another question.
    const answers = ends.has(entry.subject) || isAnswer(entry, failures, spec.cell.expectation);
    const side = !answers ? null : entry.met ? (met ?? 'old') : otherSide(met ?? 'old');
    update(entry.subject, (state) => ({
      ...state,
      boots: [...state.boots, entry],
      olds: state.olds + (side === 'old' ? 1 : 0),
      news: state.news + (side === 'new' ? 1 : 0),
      untested: state.untested + (side === null ? 1 : 0),
    }));
  }
  return {
    subjects,
    met,
    seen: seenOf(spec, subjects, exact),
    // A package that is fetched has no key, and is not built.
    builds: entries.filter((entry) => entry.type === 'image' && !entry.cached && entry.key !== null).length,
    boots: all.length,
  };
}

function seenOf(spec: SearchSpec, subjects: ReadonlyMap<string, CandidateState>, exact: boolean): Tally {
  const images = new Map<string, string>();
  const boots = new Map<string, Counts>();
  const skipped = new Set(spec.subjects.kind === 'commits' ? spec.subjects.skip : []);
  for (const { id, image, skipped: why, olds, news, untested } of subjects.values()) {
    if (image !== null) images.set(id, image.sha256);
    if (olds + news > 0) boots.set(id, { olds, news });
    const isGivenUp = olds + news === 0 && untested >= (exact ? 1 : GIVE_UP);
    if (why !== null || isGivenUp) skipped.add(id);
  }
  // What fails to come up does so under any name.
  for (const [id, image] of images) {
    const failed = [...skipped].some((other) => other !== id && images.get(other) === image);
    if (failed && !boots.has(id)) skipped.add(id);
  }
  return { images, boots, skipped };
}

/** Which side a subject is on by its own boots: for tables. */
export function sideText(state: CandidateState, met: Side | null): string {
  if (state.skipped !== null) return 'skipped';
  const { olds, news, untested } = state;
  if (olds + news === 0) return untested > 0 ? 'skipped' : 'same image';
  const word = (side: Side): string => (met === null ? side : sideWord(side, met));
  if (olds > 0 && news > 0) return `${word('old')} ${olds}, ${word('new')} ${news}`;
  return word(olds > 0 ? 'old' : 'new');
}

/** good and bad if the search is for what broke something, else broken and fixed. */
export function sideWord(side: Side, met: Side): string {
  if (met === 'old') return side === 'old' ? 'good' : 'bad';
  return side === 'old' ? 'broken' : 'fixed';
}
