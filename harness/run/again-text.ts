/** A stored cell booted, or judged, again: for people. */
import { block, oneLine } from '../base/safe-text.ts';
import type { Judgement, Rejudged } from './rejudge.ts';
import type { Rerun } from './rerun.ts';

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

function judgementText({ outcome, verdicts }: Judgement): string {
  return `${outcome} (${verdicts.join(', ') || 'not booted'})`;
}

export function rejudgedText({ cell, recorded, now, changed }: Rejudged): string {
  const line = changed
    ? `CHANGED ${cell}: ${judgementText(recorded)} -> ${judgementText(now)}: ${now.reason}`
    : `same    ${cell}: ${judgementText(now)}`;
  return `${oneLine(line)}\n`;
}
