/** Nothing that a console can hold makes the readers throw, loop or give out control characters. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConsole } from '../../harness/evidence/console.ts';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { diagnose } from '../../harness/verdict/diagnose.ts';
import { NONCE, report } from './frame-text.ts';

/** xorshift32: the same bytes in every run, so that a failure can be repeated. */
function random(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/;

function check(bytes: Uint8Array): void {
  const evidence = gatherEvidence(bytes, NONCE);
  const diagnosis = diagnose({ facts: evidence.facts });
  expect(JSON.stringify(Object.values(diagnosis).flat())).not.toMatch(CONTROL);
  for (const { line } of diagnosis.evidence) expect(line).toBeLessThanOrEqual(evidence.consoleLines);
}

test('random bytes', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const next = random(seed);
    check(Uint8Array.from({ length: next() % 3000 }, () => next() & 0xff));
  }
});

test('random pieces of real logs, probe frames and escapes, glued together', () => {
  const folder = join(import.meta.dirname, '..', 'captures', 'eras');
  const real = readdirSync(folder).map((file) => readFileSync(join(folder, file)).toString('latin1'));
  const pieces = [
    ...real,
    ...report([['poll', 't_ns=1 tsc=1 current=tsc available=tsc']]),
    '\x1b[31m',
    '\r',
    '\n',
    '\0',
  ];
  for (let seed = 1; seed <= 300; seed++) {
    const next = random(seed * 7919);
    let text = '';
    for (let i = 0; i < 12; i++) {
      const piece = pieces[next() % pieces.length] ?? '';
      const from = next() % (piece.length + 1);
      text += piece.slice(from, from + (next() % 400));
    }
    check(Buffer.from(text, 'latin1'));
  }
});

test('a report cut at any byte is never taken for complete', () => {
  const whole = Buffer.from(`${report([['poll', 't_ns=1 tsc=1 current=tsc available=tsc']]).join('\n')}\n`);
  expect(gatherEvidence(whole, NONCE).report.complete).toBe(true);
  // The line feed of the end frame may be missing; the frame itself may not.
  for (let end = 0; end < whole.length - 1; end++)
    expect(gatherEvidence(whole.subarray(0, end), NONCE).report.complete).toBe(false);
});

test('long lines and many half frames are read without hanging', () => {
  const half = `@tsc ${NONCE} 1 00000000 poll ${'[    2.050090] '.repeat(60)}`;
  check(Buffer.from(`${half}\n`.repeat(400)));
  check(Buffer.from(`${'> '.repeat(20_000)}\n${'[    0.1] '.repeat(20_000)}\n${'['.repeat(50_000)}\n`));
  expect(readConsole(new Uint8Array(2_000_000)).length).toBe(1);
});
