/** Small helpers that the fact readers share. */
import type { LogLine } from '../log-lines.ts';
import type { Found, Named } from './types.ts';

export function found(line: LogLine): Found {
  const { n, order = n, shown, timeS } = line;
  return { line: n, order, text: shown, timeS, byWallClock: line.byWallClock === true };
}

export function findAll(lines: readonly LogLine[], pattern: RegExp): Found[] {
  return lines.filter((line) => pattern.test(line.text)).map(found);
}

export function findFirst(lines: readonly LogLine[], pattern: RegExp): Found | null {
  const line = lines.find((l) => pattern.test(l.text));
  return line === undefined ? null : found(line);
}

/** Every match, with the first capture as its name. */
export function findNamed(lines: readonly LogLine[], pattern: RegExp): Named[] {
  return lines.flatMap((line) => {
    const name = pattern.exec(line.text)?.[1];
    return name === undefined ? [] : [{ ...found(line), name }];
  });
}

/** Whether one was printed before the other: by time if both lines say it in the same way, else by their order in the text. */
export function isBefore(a: Found, b: Found): boolean {
  const timed = a.timeS !== null && b.timeS !== null && a.byWallClock === b.byWallClock;
  return timed && a.timeS !== b.timeS ? Number(a.timeS) < Number(b.timeS) : a.order < b.order;
}
