/** Lines of a guest's log that a verdict on messages rests on; a message that did not come is evidence too. */
import { messagePattern } from '../base/message-pattern.ts';
import type { NumberedText } from '../evidence/log-lines.ts';
import { gatherFrom } from '../guest/gather.ts';
import { readBootFile } from '../lab/files.ts';
import type { Expectation } from '../matrix/types.ts';
import type { Citation } from '../verdict/types.ts';

/** Of the boot whose files are in `folder`. Throws UserError if they cannot be read. */
export async function messageEvidence(folder: string, expectation: Expectation): Promise<Citation[]> {
  if (expectation.messages === undefined) return [];
  const { launch } = await readBootFile(folder);
  const { evidence } = await gatherFrom(folder, launch);
  return citeMessages(evidence.log, expectation.messages);
}

/** Pure: for each message the first line that holds it, or line 0 if none does. */
function citeMessages(
  log: readonly NumberedText[],
  { must, mustNot }: NonNullable<Expectation['messages']>,
): Citation[] {
  const cite = (pattern: string, came: string, lacking: string): Citation => {
    const { isIn } = messagePattern(pattern);
    const found = log.find(({ text }) => isIn(text));
    return found === undefined
      ? { line: 0, text: '', shows: `${pattern}: ${lacking}` }
      : { line: found.n, text: found.text, shows: `${pattern}: ${came}` };
  };
  return [
    ...must.map((pattern) => cite(pattern, 'has to come', 'has to come, and is not in the log')),
    ...mustNot.map((pattern) => cite(pattern, 'must not come', 'must not come, and is not in the log')),
  ];
}
