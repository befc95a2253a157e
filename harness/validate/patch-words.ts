/** What the patch itself tells of why it is not yet what upstream has: sentences for the conclusion. Pure. */
import type { Likeness, PatchReport, RelatedCommit, RemarkCode } from './patch/types.ts';

/** Remarks that explain a result of the boots. */
const TELLING: readonly RemarkCode[] = [
  'no-shortcut',
  'flag-not-looked-at',
  'flag-unknown',
  'already-there',
  'partly-there',
  'limit-raised',
  'registers-on-flag',
  'unrelated',
  'no-code',
];

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function lackOf({ id, title, hunks }: Likeness): string | null {
  const lacking = hunks.filter(({ state }) => state === 'missing' || state === 'partly');
  if (lacking.length === 0) return null;
  const places = lacking.map(({ file, number, state, found, of }) =>
    state === 'missing'
      ? `${file} hunk ${number}`
      : `${file} hunk ${number} (${found} of ${of} lines are there)`,
  );
  return `Of ${id} ("${title}"), which it is like, these are missing: ${places.join(', ')}.`;
}

function isAbsent({ inTree }: RelatedCommit): boolean {
  return inTree !== null && inTree.of > 0 && inTree.found < inTree.of;
}

function relatedText({ id, title, relation, why }: RelatedCommit): string {
  const what = relation === 'prerequisite' ? 'It needs' : 'Not included is the follow-up';
  return `${what} ${id} ("${title}"), which is not in this tree: ${why}.`;
}

export function patchWords({ remarks, alike, related }: PatchReport): string[] {
  return [
    ...remarks.filter(({ code }) => TELLING.includes(code)).map(({ text }) => sentence(text)),
    ...alike.filter(({ reverse }) => !reverse).flatMap((like) => lackOf(like) ?? []),
    ...related
      .filter((one) => (one.relation === 'prerequisite' || one.relation === 'follow-up') && isAbsent(one))
      .map(relatedText),
  ];
}
