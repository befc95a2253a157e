/** `tscmatrix rerun`: one recorded cell again. */
import { EXIT } from '../base/errors.ts';
import { block, json } from '../base/safe-text.ts';
import { type Rerun, rerun } from '../run/rerun.ts';
import { openRun } from '../run/stored.ts';

export interface RerunFlags {
  readonly results: string;
  readonly json?: boolean;
}

function text(result: Rerun): string {
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
  return `${lines.join('\n')}\n`;
}

/** 0 where the transcript is the same, in real time the verdict; 1 where not; 69 where the host failed the guest. */
export async function rerunCommand(
  run: string,
  cell: string,
  flags: RerunFlags,
  signal: AbortSignal,
): Promise<number> {
  const result = await rerun(await openRun(flags.results, run), cell, signal);
  process.stdout.write(flags.json === true ? `${json(result)}\n` : block(text(result)));
  if (result.now.verdict === 'infra-error') return EXIT.infrastructure;
  const same = result.clock === 'real' ? result.sameVerdict : result.sameTranscript;
  return same ? EXIT.ok : EXIT.unexpected;
}
