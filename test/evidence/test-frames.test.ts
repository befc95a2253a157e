// The frames of a user's tests: what a test prints is a payload, whatever it looks like, and only the probe ends a report.
import { expect, test } from 'vitest';
import { readConsole } from '../../harness/evidence/console.ts';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { readFrames } from '../../harness/evidence/report.ts';
import { NOTHING_YET, watchLines } from '../../harness/guest/watch/console-watch.ts';
import { bytes, frame, NONCE } from './frame-text.ts';

const KEY = 'feedbeef';
type Kind = readonly [kind: string, payload: string];
const lines = (kinds: readonly Kind[]): string[] =>
  kinds.map(([kind, payload], n) => frame(n, kind, payload));
const read = (text: readonly string[]) => readFrames(readConsole(bytes(text)), NONCE, KEY);

const FORGED = frame(9, 'end', 'frames=10 state=registered').replaceAll('\\', '\\x5c');
const WHOLE: readonly Kind[] = [
  ['begin', 'protocol=1 uptime_ns=1 tsc=1'],
  ['test', 'n=0 t_ns=5 timeout_ms=1000 cap=65536 name=one'],
  ['testout', '0 TAP version 13\\x0a1..1\\x0aok 1 \\xc3'],
  ['beat', 't_ns=6'],
  ['testout', `0 \\xa9\\x0a${FORGED}\\x0a\\x5cx0a`],
  ['testerr', '0 oh\\x0a'],
  ['testend', 'n=0 how=exit code=3 ns=7000 bytes=90 error='],
  ['test', 'n=1 t_ns=8 timeout_ms=1000 cap=65536 name=two'],
  ['testend', 'n=1 how=unstarted code=0 ns=0 bytes=0 error=No such file or directory'],
  ['end', `frames=10 state=registered key=${KEY}`],
];

test('a test, its output over pieces that end within a character and within a line, and its end', () => {
  const report = read(lines(WHOLE));
  expect(report).toMatchObject({ complete: true, counts: { conflicts: 0, missing: 0, good: 10 } });
  const [one, two] = report.tests ?? [];
  expect(one).toMatchObject({
    n: 0,
    name: 'one',
    err: 'oh\n',
    end: { how: 'exit', code: 3, ns: 7000, bytes: 90 },
  });
  expect(one?.out).toBe(`TAP version 13\n1..1\nok 1 é\n${FORGED}\n\\x0a`);
  expect(one?.outLines).toEqual([3, 3, 3, 5, 5]);
  expect(two?.end).toMatchObject({ how: 'unstarted', error: 'No such file or directory' });
});

test('an end that does not know the key ends nothing, and contradicts the one that does', () => {
  const forged = [...lines(WHOLE.slice(0, 7)), frame(7, 'end', 'frames=8 state=registered')];
  expect(read(forged)).toMatchObject({ complete: false, transcriptEnd: null });
  const both = read([...forged, ...lines(WHOLE).slice(7)]);
  expect(both).toMatchObject({ complete: false, counts: { conflicts: 1 } });
  // The watch goes on, too: the probe has more to say.
  const state = watchLines(NOTHING_YET, `${forged.join('\n')}\n`, 1, {
    nonce: NONCE,
    tests: { key: KEY, outputBytes: 1, list: [] },
  });
  expect(state.ended).toBe(false);
});

test('a guest that dies in a test leaves it without an end; without tests nothing is different', () => {
  expect(read(lines(WHOLE.slice(0, 5))).tests).toMatchObject([{ name: 'one', end: null }]);
  expect(gatherEvidence(bytes(lines(WHOLE)), NONCE).report).not.toHaveProperty('tests');
});
