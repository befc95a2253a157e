// What a log shows of work that goes on: counts now and then, every answer.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { type ProgressLine, progressLine, SILENCE_MS } from '../../harness/host/progress-line.ts';

interface Shown {
  readonly line: ProgressLine;
  readonly lines: () => string[];
  /** Lets time pass, then looks as the timer does. */
  readonly after: (ms: number) => void;
  readonly isLooking: () => boolean;
}

function plain(): Shown {
  let nowMs = 0;
  let look: (() => void) | undefined;
  const stream = new PassThrough({ encoding: 'utf8' });
  let text = '';
  const line = progressLine(
    stream,
    () => nowMs,
    (repeated) => {
      look = repeated;
      return () => {
        look = undefined;
      };
    },
  );
  return {
    line,
    lines: () => {
      text += stream.read() ?? '';
      return text.split('\n').slice(0, -1);
    },
    after: (ms) => {
      nowMs += ms;
      look?.();
    },
    isLooking: () => look !== undefined,
  };
}

test('a count of the same kind is shown once in ten seconds, another kind at once', () => {
  const { line, lines, after } = plain();
  line.show('compiled 1 of 9 files');
  after(9_000);
  line.show('compiled 2 of 9 files');
  line.show('linked 1 of 1 files');
  after(9_000);
  line.show('linked 2 of 2 files');
  after(1_000);
  line.show('linked 3 of 3 files');
  expect(lines()).toEqual([
    'tscmatrix: compiled 1 of 9 files',
    'tscmatrix: linked 1 of 1 files',
    'tscmatrix: linked 3 of 3 files',
  ]);
});

test('no answer is left out, however soon it comes after another one', () => {
  const { line, lines, after } = plain();
  line.news('1 of 3 guests, a: refined');
  after(1);
  line.news('2 of 3 guests, b: unrefined');
  line.news('3 of 3 guests, c: never');
  expect(lines()).toEqual([
    'tscmatrix: 1 of 3 guests, a: refined',
    'tscmatrix: 2 of 3 guests, b: unrefined',
    'tscmatrix: 3 of 3 guests, c: never',
  ]);
});

test('silence is broken with how long the same has lasted, counted from the last answer', () => {
  const { line, lines, after, isLooking } = plain();
  line.news('1 of 3 guests, a: refined');
  after(4_000);
  line.news('2 of 3 guests, b: refined');
  after(SILENCE_MS);
  expect(lines().at(-1)).toBe('tscmatrix: 2 of 3 guests, b: refined (for 15 s)');
  line.clear();
  expect(isLooking()).toBe(false);
});
