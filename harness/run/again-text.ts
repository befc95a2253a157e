/** A stored cell booted, or judged, again: for people. */
import { block, oneLine } from '../base/safe-text.ts';
import type { Judgement, Rejudged } from './rejudge.ts';
import type { Rerun } from './rerun.ts';
import type { ChangedRerun } from './rerun-changed.ts';

export function rerunText(result: Rerun): string {
  const { recorded, now, firstDifference } = result;
  const lines = [
    result.cell,
    `  then  ${recorded.verdict}  transcript ${recorded.transcriptSha256 ?? 'none'}`,
    `  now   ${now.verdict}  transcript ${now.transcriptSha256 ?? 'none'}`,
    `  ${result.sameTranscript ? 'the same transcript' : 'another transcript'}, ${result.sameVerdict ? 'the same verdict' : 'ANOTHER VERDICT'}`,
  ];
  if (firstDifference !== null) {
    lines.push(`  first difference, line ${firstDifference.line}:`);
    lines.push(
      `    then ${firstDifference.recorded.slice(0, 200)}`,
      `    now  ${firstDifference.now.slice(0, 200)}`,
    );
  }
  if (!result.sameTranscript && result.clock === 'real') {
    lines.push('  (in real time two transcripts are never the same; the verdict is what counts)');
  }
  return block(`${lines.join('\n')}\n`);
}

/** What became different, side by side; what is the same is one line. */
export function changedText({ cell, changes, rows, log }: ChangedRerun): string {
  const other = rows.filter(({ differs }) => differs);
  const same = rows.filter(({ differs }) => !differs);
  const width = Math.max(0, ...other.map(({ name }) => name.length));
  const lines = [
    cell,
    ...changes.map((change) => `  changed  ${change}`),
    ...other.flatMap(({ name, before, after }) => [
      `  ${name.padEnd(width)}  then  ${before}`,
      `  ${''.padEnd(width)}  now   ${after}`,
    ]),
    ...(same.length === 0 ? [] : [`  the same: ${same.map(({ name }) => name).join(', ')}`]),
  ];
  for (const [side, title] of [
    [0, 'then'],
    [1, 'now'],
  ] as const) {
    const only = [...log.matters, ...log.others].filter((one) => one.side === side);
    if (only.length > 0)
      lines.push(`  lines on clocks only ${title}:`, ...only.map(({ text }) => `    ${text}`));
  }
  if (log.rest !== null)
    lines.push(`  ${log.rest.replace('in A alone', 'only then').replace('in B alone', 'only now')}`);
  return block(`${lines.join('\n')}\n`);
}

function judgementText({ outcome, verdicts }: Judgement): string {
  return `${outcome} (${verdicts.join(', ') || 'not booted'})`;
}

export function rejudgedText({ cell, recorded, now, changed }: Rejudged): string {
  const line = changed
    ? `CHANGED ${cell}: ${judgementText(recorded)} -> ${judgementText(now)}: ${now.reason}`
    : `same    ${cell}: ${judgementText(now)}`;
  return `${oneLine(line)}\n`;
}
