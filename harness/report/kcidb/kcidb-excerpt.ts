/** The part of a guest's console that a result rests on, for KCIDB's log_excerpt. */
import { join } from 'node:path';
import { neutralise } from '../../base/neutralise.ts';
import { oneLine } from '../../base/safe-text.ts';
import { type ConsoleLine, readConsole } from '../../evidence/console.ts';
import { readInside } from '../../host/inside.ts';
import type { CellFinished } from '../../record/types.ts';
import { EXCERPT_MAX_CHARS } from './kcidb-types.ts';

/** Lines shown before and after a cited one. */
const AROUND = 1;
/** Last lines of a console that did not end as it should. */
const TAIL_LINES = 30;
const CUT = '[cut]';

/** Of one boot; empty if there is neither a console nor a cited line. `dir` is the run's folder, null if unknown. */
export async function excerptOf(dir: string | null, boot: CellFinished): Promise<string> {
  const console = await consoleOf(dir, boot.folder);
  const cited = (boot.observation.diagnosis?.evidence ?? []).filter(({ line }) => line > 0);
  if (console === null) return limited(cited.map(({ line, text }) => `${line}: ${oneLine(text)}`));
  const wanted = new Set(
    cited.flatMap(({ line }) => Array.from({ length: 2 * AROUND + 1 }, (_, i) => line - AROUND + i)),
  );
  const last = console.at(-1)?.n ?? 0;
  if (boot.ending.kind !== 'finished' || cited.length === 0) {
    for (let n = Math.max(1, last - TAIL_LINES + 1); n <= last; n++) wanted.add(n);
  }
  const shown: string[] = [];
  let before = 0;
  for (const { n, text } of console) {
    if (!wanted.has(n)) continue;
    if (before > 0 && n > before + 1) shown.push('...');
    // Cut lines of a flood may have lone surrogates at their ends.
    shown.push(`${n}: ${neutralise(text.toWellFormed())}`);
    before = n;
  }
  return limited(shown);
}

/** The record may come from another machine: a folder that leads out of the run is not followed. */
async function consoleOf(dir: string | null, folder: string): Promise<readonly ConsoleLine[] | null> {
  if (dir === null) return null;
  try {
    return readConsole(await readInside(dir, join(folder, 'console.log')));
  } catch {
    return null;
  }
}

/** The end is kept if there is too much, for what goes wrong is said last. Characters as JSON Schema counts them. */
function limited(shown: readonly string[]): string {
  const text = shown.join('\n');
  const characters = [...text];
  if (characters.length <= EXCERPT_MAX_CHARS) return text;
  return `${CUT}\n${characters.slice(characters.length - EXCERPT_MAX_CHARS + CUT.length + 1).join('')}`;
}
