/** The report on a patch as markdown, for people and for pasting into a mail. */
import { capital } from '../../base/capital.ts';
import { fenced, markdown as safe } from '../../base/safe-text.ts';
import type {
  Applies,
  HunkReport,
  Likeness,
  OnePatch,
  PatchReport,
  RelatedCommit,
  Remark,
  RemarkCode,
} from './types.ts';

const APPLIES: Readonly<Record<Applies, string>> = {
  exactly: 'applies exactly',
  shifted: 'applies, shifted',
  'with-fuzz': 'applies with fuzz',
  no: 'does not apply',
  'already-there': 'is there already',
};

const RELATIONS: Readonly<Record<RelatedCommit['relation'], string>> = {
  prerequisite: 'needed by it',
  'follow-up': 'follows it',
  'same-lines': 'changes the same lines',
  'same-function': 'changes the same function',
};

/** Ends with a line feed. */
export function renderPatchReport(report: PatchReport): string {
  const on = report.tree === null ? '' : ` on ${safe(report.tree)}`;
  const what = report.patches.length === 1 ? 'The patch' : `The ${report.patches.length} patches`;
  const result =
    report.applies === null ? 'not tried on a tree' : verb(report.applies, report.patches.length);
  const parts = [
    `## ${what}: ${result}${on}`,
    report.remarks.map(remarkText).join('\n'),
    report.patches.map(patchText).join('\n'),
    ...report.patches.flatMap(({ name, hunks }) =>
      hunks.filter(({ sides }) => sides !== null).map((hunk) => failureText(name, hunk)),
    ),
    '### Upstream',
    report.alike.length === 0
      ? `like none of ${safe(report.upstream)}`
      : `compared with ${safe(report.upstream)}`,
    ...report.alike.map(likenessText),
    report.related.map(relatedText).join('\n'),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function verb(applies: Applies, patches: number): string {
  const text = APPLIES[applies];
  return patches === 1
    ? text
    : text
        .replace('does not apply', 'do not apply')
        .replace('applies', 'apply')
        .replace('is there', 'are there');
}

function remarkText({ text, facts }: Remark): string {
  const lines = facts.map(({ file, line, text: code }) => `\n  - ${safe(`${file}:${line}`)}: ${safe(code)}`);
  return `- **${safe(text)}**${lines.join('')}`;
}

function patchText({ name, subject, patchId, applies, hunks }: OnePatch): string {
  const title = subject === null ? '' : ` "${safe(subject)}"`;
  const id = patchId === null ? 'no patch-id' : `patch-id ${patchId}`;
  const result = applies === null ? '' : `: ${APPLIES[applies]}`;
  const places = hunks.map((hunk) => `\n  - ${placeText(hunk)}${stateText(hunk)}`);
  return `- ${safe(name)}${title} (${id})${result}${places.join('')}`;
}

function placeText({
  file,
  number,
  function: name,
}: {
  file: string;
  number: number;
  function: string | null;
}) {
  return `${safe(file)} hunk ${number}${name === null ? '' : ` (${safe(name)})`}`;
}

function stateText({ state, line, fuzz, offset }: HunkReport): string {
  const at = line === null || line === 0 ? '' : ` at line ${line}`;
  const shift = offset === 0 ? '' : `, ${Math.abs(offset)} lines ${offset < 0 ? 'up' : 'down'}`;
  switch (state) {
    case null:
      return '';
    case 'exact':
      return `: applies${at}`;
    case 'offset':
      return `: applies${at}${shift}`;
    case 'fuzz':
      return `: applies${at} with fuzz ${fuzz}${shift}`;
    case 'fails':
      return `: fails${at}`;
    case 'already-there':
      return `: there already${at}`;
    case 'no-file':
      return ': the tree has no such file';
  }
}

function failureText(name: string, hunk: HunkReport): string {
  return `${safe(name)}, ${placeText(hunk)} fails:\n\n${fenced(hunk.sides ?? '', '')}`;
}

function likenessText(like: Likeness): string {
  const { id, title, release, how, reverse, complete, partial, hunks, extra } = like;
  const by = how === 'patch-id' ? 'the same patch-id' : 'by its hunks';
  const much = complete ? 'all of it' : 'not all of it';
  const parts = [
    `- ${reverse ? 'takes out' : 'like'} ${safe(id)} ("${safe(title)}"${release === null ? '' : `, ${safe(release)}`}), ${by}: ${much}${partial ? '; the commit is known here only in part' : ''}`,
  ];
  for (const hunk of hunks) {
    if (hunk.missing.length === 0) continue;
    const state =
      hunk.state === 'missing' ? 'missing' : `${hunk.found} of ${hunk.of} lines are there; missing`;
    parts.push(`${placeText(hunk)} of the commit, ${state}:`, fenced(hunk.missing.join('\n'), 'diff'));
  }
  for (const hunk of extra) {
    const patch = safe(hunk.patch);
    parts.push(`${patch}, ${placeText(hunk)}, not of the commit:`, fenced(hunk.lines.join('\n'), 'diff'));
  }
  return parts.join('\n\n');
}

function relatedText({ id, title, release, relation, inTree, why }: RelatedCommit): string {
  const there =
    inTree === null || inTree.of === 0
      ? ''
      : `; the tree has ${inTree.found === inTree.of ? 'it' : inTree.found === 0 ? 'nothing of it' : `${inTree.found} of its ${inTree.of} lines`}`;
  const since = release === null ? '' : `, ${safe(release)}`;
  return `- ${safe(id)} ("${safe(title)}"${since}) ${RELATIONS[relation]}: ${safe(why)}${there}`;
}

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
  return `${capital(text)}.`;
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

function lackingText({ id, title, relation, why }: RelatedCommit): string {
  const what = relation === 'prerequisite' ? 'It needs' : 'Not included is the follow-up';
  return `${what} ${id} ("${title}"), which is not in this tree: ${why}.`;
}

export function patchWords({ remarks, alike, related }: PatchReport): string[] {
  return [
    ...remarks.filter(({ code }) => TELLING.includes(code)).map(({ text }) => sentence(text)),
    ...alike.filter(({ reverse }) => !reverse).flatMap((like) => lackOf(like) ?? []),
    ...related
      .filter((one) => (one.relation === 'prerequisite' || one.relation === 'follow-up') && isAbsent(one))
      .map(lackingText),
  ];
}
