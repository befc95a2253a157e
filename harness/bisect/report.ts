/** What a search came to, as data: every report is made of this. */
import { join } from 'node:path';
import { cellText, expectationWords } from '../lab/cell-spec.ts';
import type { Citation } from '../verdict/types.ts';
import type { Culprit } from './culprit.ts';
import type { End } from './decide.ts';
import type { SearchResult } from './run-search.ts';
import { type CandidateState, sideText, sideWord } from './state.ts';

export interface Step {
  readonly step: number;
  readonly id: string;
  readonly name: string;
  readonly title: string;
  /** good, bad, broken, fixed, skipped, same image, or counts of both. */
  readonly verdict: string;
  /** How the kernel was got: built in 6.1 s, from the cache, same image as ... */
  readonly image: string;
  readonly boots: number;
  readonly reason: string;
  readonly evidence: readonly Citation[];
  /** Where the console or the build's log is. */
  readonly place: string;
}

export interface SearchReport {
  readonly version: 1;
  readonly end: End['kind'];
  /** One or two sentences. */
  readonly answer: string;
  readonly confidence: number | null;
  readonly culprit: Culprit | { readonly id: string } | null;
  /** What cannot be told apart, if that is the answer. */
  readonly candidates: readonly string[];
  readonly searched: {
    readonly kind: 'commits' | 'kernels';
    readonly old: string;
    readonly new: string;
    readonly repository: string | null;
    readonly candidates: number;
  };
  readonly cell: string;
  readonly expectation: readonly string[];
  readonly deterministic: boolean;
  /** Rates of wrong answers, as the boots show them; null if an answer is never wrong. */
  readonly errorRates: { readonly oldCalledNew: number; readonly newCalledOld: number } | null;
  readonly steps: readonly Step[];
  readonly builds: number;
  readonly boots: number;
  readonly skips: number;
  readonly faults: number;
  readonly seconds: number;
  readonly folder: string;
  /** What git's own bisect takes for the answer. */
  readonly gitSays: string | null;
}

export function reportOf(result: SearchResult, folder: string, culprit: Culprit | null): SearchReport {
  const { end, spec, subjects, state, belief, journal } = result;
  const { search } = subjects;
  const entries = journal.entries;
  const times = entries.map(({ at }) => Date.parse(at));
  const found = end.kind === 'found' ? end : null;
  const commits = spec.subjects.kind === 'commits' ? spec.subjects : null;
  return {
    version: 1,
    end: end.kind,
    answer: answerOf(result),
    confidence: found?.confidence ?? null,
    culprit: culprit ?? (found === null ? null : { id: found.id }),
    candidates: end.kind === 'set' ? end.ids : [],
    searched: {
      kind: spec.subjects.kind,
      old: spec.subjects.old,
      new: spec.subjects.new,
      repository: commits?.repository ?? null,
      candidates: search.history.ids.length,
    },
    cell: cellText(spec.cell.guest),
    expectation: expectationWords(spec.cell.expectation),
    deterministic: search.exact,
    errorRates: search.exact
      ? null
      : { oldCalledNew: belief.oldCalledNew, newCalledOld: belief.newCalledOld },
    steps: [...state.subjects.values()].map((subject, index) => stepOf(subject, index, result, folder)),
    builds: state.builds,
    boots: state.boots,
    skips: [...state.subjects.values()].filter(({ skipped }) => skipped !== null).length,
    faults: entries.filter(({ type }) => type === 'fault').length,
    seconds: Math.round((Math.max(...times) - Math.min(...times)) / 1000),
    folder,
    gitSays: result.gitSays,
  };
}

function stepOf(
  subject: CandidateState,
  index: number,
  { subjects, state, journal }: SearchResult,
  folder: string,
): Step {
  const { id, image, skipped, boots } = subject;
  const last = boots.at(-1);
  const twin =
    image === null
      ? undefined
      : [...state.subjects.values()].find((other) => other.image?.sha256 === image.sha256 && other.id !== id);
  const fault = journal.entries.findLast((entry) => entry.type === 'fault' && entry.subject === id);
  return {
    step: index + 1,
    id,
    name: subjects.name(id),
    title: subjects.title(id),
    verdict: sideText(subject, state.met),
    image: imageText(subject, boots.length === 0 && twin !== undefined ? subjects.name(twin.id) : null),
    boots: boots.length,
    reason: skipped?.reason.split('\n')[0] ?? last?.reason ?? (fault?.type === 'fault' ? fault.reason : ''),
    evidence: last?.evidence ?? [],
    place: skipped?.logPath ?? (last === undefined ? '' : join(folder, last.folder)),
  };
}

function imageText({ image, skipped }: CandidateState, twin: string | null): string {
  if (skipped !== null) return `failed after ${skipped.seconds.toFixed(0)} s`;
  if (image === null) return '-';
  const how = image.cached ? 'from the cache' : `got in ${image.seconds.toFixed(0)} s`;
  return twin === null ? how : `${how}, the same as ${twin}`;
}

function answerOf({ end, spec, subjects, state, belief }: SearchResult): string {
  const met = state.met ?? 'old';
  const name = (id: string): string => `${subjects.name(id)} ${subjects.title(id)}`.trim();
  const what = spec.subjects.kind === 'commits' ? 'commit' : 'kernel';
  const word = sideWord('new', met);
  switch (end.kind) {
    case 'found': {
      const how = subjects.search.exact
        ? 'certain as far as the deterministic clock goes: it and what comes before it were booted twice'
        : `with a confidence of ${(end.confidence * 100).toFixed(2)} %`;
      return `${name(end.id)} is the first ${word} ${what}, ${how}.`;
    }
    case 'set':
      return `The first ${word} ${what} is one of ${end.ids.length}, which cannot be told apart because the others cannot be tested: ${end.ids.map(name).join('; ')}.`;
    case 'contradiction':
      return spec.subjects.kind === 'commits' && spec.subjects.paths.length > 0
        ? `No ${what} that touches ${spec.subjects.paths.join(' ')} explains the verdicts: what made the difference lies outside these paths, or there is more than one change.`
        : `No single ${what} explains the verdicts: there is more than one change between the ends, or the same kernel does not always behave the same.`;
    case 'unclear':
      return `The answers are wrong too often (${percent(belief.oldCalledNew)} and ${percent(belief.newCalledOld)}) to find the ${what}.`;
    default:
      return `The ends are not usable: ${end.kind}.`;
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
