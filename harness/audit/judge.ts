/** What a kernel showed in the guests of an exhibit, and which side of the commit that is. Pure. */
import { messagePattern } from '../base/message-pattern.ts';
import type { ExhibitGuest, MuseumPiece } from '../lab/museum.ts';
import type { Expectation } from '../matrix/types.ts';
import { type Boot, judgeCell } from '../verdict/outcome.ts';
import { isApplicable } from './applies.ts';
import type { DecisiveLine, FixFinding, GuestFinding } from './types.ts';

/** What came of one guest: its boots, or why there are none. */
export type Seen =
  | { readonly kind: 'booted'; readonly cell: string; readonly boots: readonly Boot[] }
  | { readonly kind: 'none'; readonly cell: string; readonly why: string; readonly isHostFault: boolean };

const CITED = 3;

const FITS = { true: { true: 'both', false: 'after' }, false: { true: 'before', false: 'neither' } } as const;

/** Verdict, current clocksource and error, in short. */
function shown(boots: readonly Boot[]): string {
  const texts = boots.map(({ observation: { verdict, current, ppm } }) => {
    const source = current === null ? '' : `, current ${current}`;
    return `${verdict}${source}${ppm === null ? '' : `, ${ppm} ppm`}`;
  });
  return [...new Set(texts)].join('; ');
}

/** What the sides look for in the log and this kernel said or did not say, then what its verdict rests on. */
function linesOf(boots: readonly Boot[], { after, before }: ExhibitGuest): DecisiveLine[] {
  const [first] = boots;
  if (first === undefined) return [];
  const log = (first.log ?? '').split('\n');
  const wanted = [after, before].flatMap(({ messages }) => [
    ...(messages?.must ?? []),
    ...(messages?.mustNot ?? []),
  ]);
  const messages = [...new Set(wanted)].map((pattern): DecisiveLine => {
    const { isIn } = messagePattern(pattern);
    const line = log.find(isIn);
    return { line: null, text: line ?? pattern, isThere: line !== undefined };
  });
  const evidence = first.observation.diagnosis?.evidence ?? [];
  const cited = evidence.map(({ line, text, shows }): DecisiveLine => {
    const isThere = line > 0;
    return { line: isThere ? line : null, text: isThere ? text : shows, isThere };
  });
  const all = [...messages, ...cited.filter(({ text }) => !messages.some((one) => one.text === text))];
  return all.slice(0, Math.max(CITED, messages.length));
}

export function judgeGuest(guest: ExhibitGuest, seen: Seen): GuestFinding {
  const { name, isDecisive } = guest;
  const base = { guest: name, cell: seen.cell, isDecisive };
  const none = (shows: string, isHostFault: boolean): GuestFinding => ({
    ...base,
    fits: 'unknown',
    shows,
    lines: [],
    isHostFault,
  });
  if (seen.kind === 'none') return none(seen.why, seen.isHostFault);
  const against = (wanted: Expectation) => judgeCell(seen.boots, wanted);
  const [after, before] = [against(guest.after), against(guest.before)];
  const lost = [after, before].find(({ outcome }) => outcome === 'infra-error');
  if (lost !== undefined) return none(lost.reason, true);
  const flaky = [after, before].find(({ outcome }) => outcome === 'flaky');
  if (flaky !== undefined) return none(`its boots differ: ${flaky.reason}`, false);
  const [isAfter, isBefore] = [after.outcome === 'expected', before.outcome === 'expected'];
  return {
    ...base,
    fits: FITS[`${isAfter}`][`${isBefore}`],
    shows: shown(seen.boots),
    ...(isAfter ? {} : { notAfter: after.reason }),
    ...(isBefore ? {} : { notBefore: before.reason }),
    lines: linesOf(seen.boots, guest),
    isHostFault: false,
  };
}

/** The first of the exhibit's conditions that no log meets; null if there is none, or no log to look at. */
function lacking({ exhibit: { needs = [] } }: MuseumPiece, seen: readonly Seen[]): string | null {
  const logs = seen.flatMap((one) =>
    one.kind === 'booted' ? one.boots.flatMap(({ log }) => log ?? []) : [],
  );
  if (logs.length === 0) return null;
  return needs.find((pattern) => !logs.some(messagePattern(pattern).isIn)) ?? null;
}

const names = (guests: readonly GuestFinding[]): string => guests.map(({ guest }) => guest).join(', ');

/**
 * Present or absent only if every guest shows that side, and one of them that side alone: what both sides do shows
 * nothing, and what neither does is another matter. A guest that is no part of the difference has to do what it should as well, or
 * something else is at work.
 */
export function judgeFix(
  piece: MuseumPiece,
  release: string | null,
  seen: ReadonlyMap<string, Seen>,
): FixFinding {
  const { exhibit, guests: wanted } = piece;
  const found = (
    state: FixFinding['state'],
    why: string,
    guests: readonly GuestFinding[] = [],
  ): FixFinding => ({
    state,
    why,
    guests,
    isHostFault: state === 'cannot-tell' && guests.some(({ isHostFault }) => isHostFault),
  });
  if (!isApplicable(exhibit, release)) return found('not-applicable', exhibit.applies?.why ?? '');
  const shownIn = wanted.map((guest): readonly [ExhibitGuest, Seen] => [
    guest,
    seen.get(guest.name) ?? { kind: 'none', cell: '', why: 'it was not booted', isHostFault: true },
  ]);
  const guests = shownIn.map(([guest, one]) => judgeGuest(guest, one));
  const lacks = lacking(
    piece,
    shownIn.map(([, one]) => one),
  );
  if (lacks !== null)
    return found('cannot-tell', `no guest says ${JSON.stringify(lacks)}, which the exhibit needs`, guests);
  const of = (...fits: readonly GuestFinding['fits'][]) => guests.filter((one) => fits.includes(one.fits));
  const [unknown] = of('unknown');
  if (unknown !== undefined)
    return found('cannot-tell', `there is no answer from ${unknown.guest}: ${unknown.shows}`, guests);
  const [odd] = of('neither');
  if (odd !== undefined)
    return found(
      'cannot-tell',
      `${odd.guest} does what neither side does: ${odd.shows}; with the commit: ${odd.notAfter}; without it: ${odd.notBefore}`,
      guests,
    );
  const [after, before] = [of('after'), of('before')];
  if (after.length > 0 && before.length > 0)
    return found(
      'partly',
      `as with the commit in ${names(after)}, as without it in ${names(before)}`,
      guests,
    );
  if (after.length > 0) return found('present', `as with the commit in ${names(after)}`, guests);
  if (before.length > 0) return found('absent', `as without the commit in ${names(before)}`, guests);
  return found('cannot-tell', 'what it does fits both sides in every guest', guests);
}
