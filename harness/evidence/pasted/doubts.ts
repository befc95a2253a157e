/** What makes it doubtful that the lines of a text are one boot's, in the order in which they were printed. */
import type { LogLine } from '../log-lines.ts';
import { isCommand } from '../shell.ts';
import { isBetweenBoots, onceIn } from './boots.ts';

/**
 * Whether the stamps go back as often as they go on: then the text may be newest first, or each part of it another boot's.
 * Between two commands, boots or machines they may do either.
 */
export function isOrderUnknown(lines: readonly LogLine[]): boolean {
  let before: LogLine | null = null;
  // Most logs only go on, and commands are looked for no sooner than one does not.
  const steps: { readonly from: LogLine; readonly to: LogLine }[] = [];
  let on = 0;
  for (const line of lines) {
    if (isBetweenBoots(line)) before = null;
    if (line.timeS === null) continue;
    if (before?.timeS != null && before.host === line.host && before.byWallClock === line.byWallClock) {
      if (line.timeS < before.timeS) steps.push({ from: before, to: line });
      else if (line.timeS > before.timeS) on += 1;
    }
    before = line;
  }
  if (steps.length === 0 || steps.length < on) return false;
  const commands = lines.filter(isCommand).map(({ n }) => n);
  const isParted = (one: { readonly from: LogLine; readonly to: LogLine }): boolean =>
    commands.some((n) => n > one.from.n && n < one.to.n);
  const back = steps.filter((step) => !isParted(step)).length;
  return back > 0 && back >= on;
}

/**
 * The line without a stamp that has once more what a kernel prints once: it is of another boot, and where that begins
 * is not known. The same words below another command are the same line.
 */
export function saidAgain(lines: readonly LogLine[]): LogLine | null {
  const said = new Map<number, { readonly text: string; readonly commands: number }>();
  let commands = 0;
  for (const line of lines) {
    if (line.stamped) continue;
    if (isCommand(line)) commands += 1;
    const which = onceIn(line);
    if (which < 0) continue;
    const before = said.get(which);
    if (
      before !== undefined &&
      isOtherBoot(line, before.text) &&
      (before.commands === commands || before.text !== line.text)
    )
      return line;
    said.set(which, { text: line.text, commands });
  }
  return null;
}

/** /proc/version is shown below a log, and a mark is quoted above it: the same line again tells nothing. */
function isOtherBoot({ text }: LogLine, before: string): boolean {
  return !/^Linux version /.test(text) && !(/Marking TSC unstable/.test(text) && text === before);
}
