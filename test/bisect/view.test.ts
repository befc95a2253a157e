// What a search shows: a picture that fits the terminal, and nothing that acts on it.
import { expect, test } from 'vitest';
import type { SearchReport } from '../../harness/bisect/report.ts';
import { frameOf, openView, type Status } from '../../harness/bisect/view.ts';
import { renderSearch } from '../../harness/bisect/write-report.ts';

const STATUS: Status = {
  subject:
    '0123456789ab x86/tsc: \x1b[31mred\x1b[0m and a title that goes on and on for longer than there is room',
  purpose: 'search',
  left: 17,
  candidates: 70,
  tests: 4,
  testsLeft: 5,
  best: null,
};

test('the frame: range, steps, what is tested and what is done, within the width', () => {
  const lines = frameOf(STATUS, 'building, 34 of about 1481: arch/x86/kernel/tsc.o', 65_000, 60).split('\n');
  expect(lines[0]).toBe('bisect  1:05  17 of 70 left, step 5 of about 9');
  expect(lines[1]).toMatch(/^ {2}search: 0123456789ab x86\/tsc: /);
  expect(lines[2]).toMatch(/^ {2}building, 34 of about 1481/);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  expect(lines.join('')).not.toContain('\x1b');
});

test('without a terminal: a line for each step, and no escapes', () => {
  let text = '';
  const stream = {
    isTTY: false,
    write: (part: string) => {
      text += part;
      return true;
    },
  } as unknown as NodeJS.WriteStream;
  const view = openView(stream);
  view.status(STATUS);
  for (let count = 0; count < 100; count++) view.doing(`building, ${count}: file.o`);
  view.said('bad: \x1b]0;title\x07');
  view.close();
  expect(text.split('\n').filter(Boolean)).toHaveLength(3);
  for (const danger of ['\x1b', '\x07']) expect(text).not.toContain(danger);
});

test('a title and a diff of a stranger do nothing in the report', () => {
  const report: SearchReport = {
    version: 1,
    end: 'found',
    answer: 'abc <img src=x> | `x` \x1b[2J is the first bad commit.',
    confidence: 1,
    culprit: {
      id: 'abcdef',
      title: '<script>alert(1)</script>',
      author: '[x](http://example.org) @someone',
      date: '2026-01-01T00:00:00Z',
      message: '',
      parents: [],
      files: ['a.c'],
      otherFiles: [],
      diff: '+a\x1b[2J\n+````\n+b',
    },
    candidates: [],
    searched: { kind: 'commits', old: 'a', new: 'b', repository: '/x', candidates: 2 },
    cell: '',
    expectation: [],
    deterministic: true,
    errorRates: null,
    steps: [],
    builds: 0,
    boots: 0,
    skips: 0,
    faults: 0,
    seconds: 0,
    folder: '',
    gitSays: null,
  };
  const text = renderSearch(report, 'again.sh');
  for (const danger of ['\x1b', '<script', '<img']) expect(text).not.toContain(danger);
  expect(text).toContain('`````diff\n+a');
  expect(text).toContain('\\[x\\]');
  expect(text).toContain('@<!-- -->someone');
});
