// A console is written by the kernel under test, which can read the nonce on its command line. However bad it is, reading
// it takes a time and a memory that grow with its size and have an end. The limits of CPU time are wide: what they are
// to tell apart is a second and a minute.
import { expect, test } from 'vitest';
import { gatherAppliance } from '../../harness/evidence/appliance.ts';
import { CONSOLE_LINES_MAX, readConsole } from '../../harness/evidence/console.ts';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { frameChecksum } from '../../harness/evidence/frames.ts';
import { diagnose } from '../../harness/verdict/diagnose.ts';
import { cpuMs } from '../support/cpu.ts';

const NONCE = '0123abcd';
const MIB = 1024 * 1024;
const CPU_LIMIT_MS = 4000;

/** Frames one after the other, with the right nonce, numbers and checksums. */
function framer(): (kind: string, payload: string) => string {
  let seq = 0;
  return (kind, payload) => {
    const line = `@tsc ${NONCE} ${seq} ${frameChecksum(NONCE, seq, kind, payload)} ${kind} ${payload}\n`;
    seq++;
    return line;
  };
}

function repeated(bytes: number, make: () => string): string {
  const pieces: string[] = [];
  for (let length = 0; length < bytes; length += pieces.at(-1)?.length ?? 0) pieces.push(make());
  return pieces.join('');
}

/** A log of the same line again and again, and checksums that are right wherever one looks. */
function sameLines(bytes: number, sums: (right: string, blocks: number) => string[]): string {
  const frame = framer();
  const line = '[    0.000000] x\n';
  const right = '9e4506dc';
  const blocks = 20_000;
  const list = `records=1 lines=${blocks * 64} block=64 lost=0 crc=${sums(right, blocks).join(',')}`;
  const pieces = (list.match(/.{1,800}/g) ?? []).map((piece) => frame('logsum', `${piece}\\+`));
  return `${line.repeat(bytes / line.length)}${pieces.join('')}${frame('end', 'frames=1')}`;
}

const SHAPES: readonly (readonly [string, number, (bytes: number) => string])[] = [
  [
    'frames that go on without end',
    MIB,
    (n) => {
      const frame = framer();
      return repeated(n, () => frame('dmesg', '\\+'));
    },
  ],
  ['a log of identical lines', 4 * MIB, (n) => sameLines(n, (right, blocks) => Array(blocks).fill(right))],
  [
    'a log whose every other block is nowhere',
    4 * MIB,
    (n) =>
      sameLines(n, (right, blocks) =>
        Array.from({ length: blocks }, (_, i) => (i % 2 === 0 ? right : 'ffffffff')),
      ),
  ],
  [
    'lines that are records of records',
    MIB,
    (n) => {
      const frame = framer();
      const sum = frame('logsum', 'records=1 lines=64 block=64 lost=0 crc=00000000');
      return `${repeated(n, () => `${'[    0.000000] '.repeat(500)}\n`)}${sum}${frame('end', 'frames=2')}`;
    },
  ],
  [
    'carriage returns before the end of a line',
    MIB,
    (n) => {
      const frame = framer();
      const sum = frame('logsum', 'records=1 lines=64 block=64 lost=0 crc=00000000');
      return `${'\r'.repeat(n)}x\n${sum}${frame('end', 'frames=2')}`;
    },
  ],
  [
    'half frames before kernel lines',
    MIB,
    (n) =>
      repeated(
        n,
        () =>
          `@tsc ${NONCE} 1 00000000 poll ${'[    2.050090] '.repeat(16)}\n${'[    2.050090] x\n'.repeat(8)}`,
      ),
  ],
  ['CPU flags that end in something else', MIB, (n) => repeated(n, () => `flags: ${'a '.repeat(2000)}!\n`)],
  ['a command of many greps', MIB, (n) => repeated(n, () => `$ dmesg |${'grep -'.repeat(600)}\n`)],
  [
    'zeros in a signature',
    MIB,
    (n) => {
      const frame = framer();
      const zeros = repeated(n, () => frame('hypervisor', `${'\\x00'.repeat(200)}\\+`));
      return `${frame('hypervisor', 'signature=\\+')}${zeros}${frame('hypervisor', 'x')}`;
    },
  ],
  [
    'records of many line feeds',
    MIB,
    (n) => {
      const frame = framer();
      return `${frame('begin', '')}${repeated(n, () => frame('dmesg', '\\x0a'.repeat(200)))}${frame('end', 'frames=0')}`;
    },
  ],
];

test.each(SHAPES)('%s', (_, bytes, make) => {
  const console = Buffer.from(make(bytes), 'latin1');
  const used = cpuMs(() => diagnose({ facts: gatherEvidence(console, NONCE).facts }));
  expect(used).toBeLessThan(CPU_LIMIT_MS);
});

test('QEMU that sends the appliance nested JSON and troubles without end', () => {
  const frame = framer();
  const nested = repeated(MIB, () => frame('l2qmp', `${'['.repeat(800)}\\+`));
  const troubles = 'Out of memory: Kill\n'.repeat(20_000);
  const bytes = Buffer.from(`${nested}${frame('l2qmp', ']')}${troubles}`, 'latin1');
  const appliance = gatherAppliance(bytes, NONCE);
  expect(appliance.troubles).toHaveLength(100);
  expect(appliance.qmp).toEqual([]);
  expect(() => JSON.stringify(appliance)).not.toThrow();
});

test.each(['x\n', 'x\r', '\n', '\xff\n'])(
  'of %j without end only so many lines are read, and that is said',
  (line) => {
    const bytes = Buffer.from(line.repeat(2 * CONSOLE_LINES_MAX), 'latin1');
    const lines = readConsole(bytes);
    expect(lines.length).toBeGreaterThan(CONSOLE_LINES_MAX);
    expect(lines).toHaveLength(CONSOLE_LINES_MAX + 1);
    expect(lines.at(-1)?.text).toMatch(
      /^\[cut: more than 262144 lines; the \d+ bytes that follow are not read\]$/,
    );
    expect(lines.at(-1)?.end).toBe(bytes.length);
  },
);

test('a console with as many lines as are read is read whole', () => {
  const lines = readConsole(Buffer.from('x\n'.repeat(CONSOLE_LINES_MAX)));
  expect(lines.length).toBeLessThanOrEqual(CONSOLE_LINES_MAX);
  expect(lines.at(-1)?.text).toBe('x');
});

test('a report that lies behind the last line that is read never came', () => {
  const frame = framer();
  const report = `${frame('begin', 'protocol=1')}${frame('end', 'frames=2')}`;
  expect(gatherEvidence(Buffer.from(report), NONCE).report.complete).toBe(true);
  const hidden = gatherEvidence(Buffer.from(`${'\n'.repeat(CONSOLE_LINES_MAX)}${report}`), NONCE);
  expect(hidden.report).toMatchObject({ complete: false, transcriptEnd: null });
  expect(hidden.transcriptSha256).toBeNull();
});
