/** The statement as markdown that fits a mail to a list or a merge request. Pure. */
import { intervalText, rateOf } from '../base/rate.ts';
import { markdown as safe } from '../base/safe-text.ts';
import { shellWord } from '../base/shell.ts';
import { isRegistered } from './agree.ts';
import { marginText } from './margins.ts';
import type { Inputs, Statement } from './statement.ts';
import { type CitedLine, type Finding, ROLES, type Side } from './types.ts';

export const FINDING_WORDS: Readonly<Record<Finding, string>> = {
  same: 'all the same',
  'as-reference': 'as the reference',
  missing: '**as the base**',
  other: '**as neither**',
  worse: '**worse**',
  accepts: '**accepts what is to be refused**',
  tolerant: 'more tolerant than the reference',
  apart: 'cannot be compared',
  chance: 'by chance',
  unclear: '**no answer**',
};

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

export function sideText(side: Side): string {
  const { verdict, verdicts, current, ppm, reads, tests = {} } = side;
  if (verdict === null) return verdicts.length === 0 ? 'no answer' : verdicts.join(', ');
  const parts: string[] = [verdict];
  if (current !== null) parts.push(current);
  if (isRegistered(verdict) && ppm !== null) parts.push(`${ppm} ppm`);
  if (reads !== null) parts.push(`${reads} reads`);
  const odd = Object.entries(tests).filter(([, state]) => state !== 'pass');
  parts.push(...odd.slice(0, 3).map(([name, state]) => `${name} ${state}`));
  if (odd.length === 0 && Object.keys(tests).length > 0) parts.push('tests pass');
  return parts.join(', ');
}

function guestsTable({ guests }: Statement): string {
  const rows = guests.map((one) => [
    `${safe(one.guest)}${one.isControl ? ' (negative control)' : ''}`,
    ...ROLES.map((role) => safe(sideText(one[role]))),
    FINDING_WORDS[one.finding],
  ]);
  return table(['guest', ...ROLES, 'the backport does'], rows);
}

function marginsText({ margins }: Statement): string {
  if (margins.length === 0) return '';
  const rows = margins.map((one) => [
    safe(one.guest),
    ...ROLES.map((role) => marginText(one[role])),
    FINDING_WORDS[one.finding],
  ]);
  const [first] = margins;
  return [
    '### Margins',
    `The delay per read of the reference counter up to which tsc is registered, to ${first?.stepNs} ns, with a boot on either side.`,
    table(['guest', ...ROLES, 'the backport does'], rows),
  ].join('\n\n');
}

function citedText({ line, text }: CitedLine): string {
  return line === 0 ? `not there: ${safe(text)}` : `line ${line}: ${safe(text)}`;
}

/** All that the verdict rests on. */
function wholeEvidence(role: string, side: Side): string {
  const where = side.folders[0] === undefined ? '' : ` (${safe(side.folders[0])})`;
  const lines = side.cited.map((one) => `    - ${citedText(one)}`);
  return [`  - ${role}${where}: ${safe(side.reason)}`, ...lines].join('\n');
}

/** The one line that it rests on most. */
function shortEvidence(role: string, side: Side): string {
  const [first] = side.cited;
  return `  - ${role}: ${first === undefined ? safe(side.reason) : citedText(first)}`;
}

/** Of every guest in which the three are not the same, and of the controls. What speaks against the backport comes whole. */
function evidenceText({ guests }: Statement): string {
  const telling = guests.filter(({ finding, isControl }) => finding !== 'same' || isControl);
  if (telling.length === 0) return '';
  const isAgainst = ({ finding }: Statement['guests'][number]) => !['same', 'as-reference'].includes(finding);
  const items = telling
    .toSorted((a, b) => Number(isAgainst(b)) - Number(isAgainst(a)))
    .map((one) => {
      const evidence = isAgainst(one) ? wholeEvidence : shortEvidence;
      const sides = ROLES.map((role) => evidence(role, one[role]));
      return [`- ${safe(one.guest)}: ${safe(one.why)}`, ...sides].join('\n');
    });
  return ['### Evidence', items.join('\n')].join('\n\n');
}

/** How sure it is: exact, or the share of equal boots with what it may really be. */
export function repeatsText({ repeats, deterministic }: Statement['boots']): string {
  if (deterministic)
    return repeats === 1
      ? 'One boot of each kernel in each guest, on counted instructions: another gives the same bytes.'
      : `${repeats} boots of each kernel in each guest, on counted instructions.`;
  const least = intervalText(rateOf(repeats, repeats));
  return `${repeats} boots of each kernel in each guest of real time; if all agree, ${repeats} of ${repeats}${least}.`;
}

function conclusionText({ conclusion, boots }: Statement): string {
  const { kind, because, also, settle } = conclusion;
  return [
    `**${kind}**: ${safe(because)}.`,
    ...also.map((text) => `- ${safe(text)}`),
    ...settle.map((text) => `- To settle it: ${safe(text)}`),
    repeatsText(boots),
  ].join('\n\n');
}

function inputsText(inputs: Inputs, signature: boolean): string {
  const again = ['### To repeat it', `    ${inputs.command.map(shellWord).join(' ')}`];
  if (!signature) return again.join('\n\n');
  const digests: (readonly [string, string])[] = [
    ['tscmatrix', inputs.tscmatrix],
    ['matrix, sha256', inputs.matrixSha256],
    ...inputs.kernels.map(
      ({ name, origin, sha256 }) =>
        [`kernel ${name}`, `${origin}; image sha256 ${sha256 ?? 'not known'}`] as const,
    ),
    ...inputs.patches.map(({ name, sha256 }) => [`patch ${name}, sha256`, sha256] as const),
    ['QEMU', inputs.qemu],
    ...(inputs.appliance === null ? [] : [['appliance, sha256', inputs.appliance] as const]),
    ...(inputs.initramfs === null ? [] : [['initramfs, sha256', inputs.initramfs] as const]),
  ];
  const rows = digests.map(([what, value]) => [safe(what), safe(value)]);
  return [...again, table(['input', 'what it was'], rows)].join('\n\n');
}

/** `patchText` is what was seen of the patch itself, as markdown. */
export function renderStatement(
  statement: Statement,
  options: { readonly signature: boolean; readonly patchText: string },
): string {
  const { backport, base, reference } = statement;
  const parts = [
    `## tscmatrix validate: ${statement.conclusion.kind}`,
    `Backport: ${safe(backport.what)}  \nBase: ${safe(base)}  \nReference: ${safe(reference)}`,
    conclusionText(statement),
    guestsTable(statement),
    marginsText(statement),
    options.patchText,
    evidenceText(statement),
    inputsText(statement.inputs, options.signature),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
