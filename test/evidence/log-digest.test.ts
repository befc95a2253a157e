/** The kernel's log on the console counts only where the probe's checksums vouch for it. */
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { bytes, NONCE, report } from './frame-text.ts';
import { altered, capture, GUEST_NONCE } from './nested-capture.ts';

const stock = capture('stock.console');
const look = (console: Uint8Array) => gatherEvidence(console, GUEST_NONCE);

describe('a real console with a digest', () => {
  test.each(['stock', 'stock-slow', 'stock-slow-hpet', 'threshold-raised-disturbed', 'known-frequency-slow'])(
    '%s is whole',
    (name) => {
      const evidence = look(capture(`${name}.console`));
      expect(evidence.report.complete).toBe(true);
      expect(evidence).toMatchObject({
        factsFrom: 'probe',
        logCheck: { whole: true, problem: null, bad: [] },
      });
      expect(evidence.report.dmesg).toHaveLength(evidence.report.logsum?.value.lines ?? -1);
      expect(evidence.facts.shape).toMatchObject({ kind: 'whole', beginsAtBoot: true });
    },
  );

  test('cites the lines on which the kernel said it', () => {
    const [refined] = look(stock).facts.refined;
    const line = stock.toString('latin1').split('\n')[(refined?.line ?? 0) - 1];
    expect(line).toContain('tsc: Refined TSC clocksource calibration');
    expect(line).not.toContain('@tsc');
  });

  test.each([
    ['a changed digit', 'tsc: Detected 1000.000 MHz', 'tsc: Detected 1000.001 MHz', 2],
    ['a lost line', /\[[^\n]*tsc: Detected 1000\.000 MHz processor\r\n/, '', 2],
    ['a changed time', '[    0.000009] tsc: Detected', '[    0.000008] tsc: Detected', 2],
  ])('with %s is not, and the evidence names the block', (_, before, after, block) => {
    const text = stock.toString('latin1');
    const found = typeof before === 'string' ? before : (before.exec(text)?.[0] ?? '');
    const evidence = look(altered(stock, found, after));
    expect(evidence.report.complete).toBe(false);
    expect(evidence.factsFrom).toBe('console');
    expect(evidence.logCheck).toMatchObject({
      whole: false,
      bad: [{ block, from: (block - 1) * 16 + 1, to: block * 16 }],
    });
    expect(evidence.logCheck?.problem).toContain(`block ${block} of 13`);
  });

  test('a message that no line feed ends has the next one behind it, as the kernel printed it', () => {
    const old = capture('v4.9-unended.console');
    const evidence = gatherEvidence(old, '50832875');
    expect(old.toString('latin1')).toContain('no mitigation available![    0.220151] Speculative Store');
    expect(evidence).toMatchObject({ factsFrom: 'probe', logCheck: { whole: true, bad: [] } });
    expect(evidence.report.dmesg).toHaveLength(evidence.report.logsum?.value.lines ?? -1);
    const cut = gatherEvidence(
      altered(old, 'available![    0.220151]', 'available![    0.220152]'),
      '50832875',
    );
    expect(cut.logCheck).toMatchObject({ whole: false, bad: [{ block: 8, from: 113, to: 128 }] });
  });

  test('every byte of the log counts', () => {
    const first = stock.indexOf('@tsc');
    for (let at = 0; at < first; at += 97) {
      const wrong = Buffer.from(stock);
      wrong[at] = (wrong[at] ?? 0) ^ 1;
      // A carriage return more or less is the terminal's.
      if (stock[at] !== 0x0d) expect(look(wrong).report.complete, `byte ${at}`).toBe(false);
    }
  });

  test('lines that the kernel did not log change nothing, and are no part of the log', () => {
    const forged = '[    1.270000] tsc: Refined TSC clocksource calibration: 2000.000 MHz\r\n';
    const at = stock.indexOf('[    0.000000] SMBIOS');
    const evidence = look(
      Buffer.concat([stock.subarray(0, at), Buffer.from('garbage\n'), stock.subarray(at)]),
    );
    expect(evidence.report.complete).toBe(true);
    // Between two blocks; within one it makes the block unreadable.
    const end = stock.indexOf('@tsc');
    const later = look(Buffer.concat([stock.subarray(0, end), Buffer.from(forged), stock.subarray(end)]));
    expect(later.facts.refined.map(({ khz }) => khz)).not.toContain(2_000_000);
    expect(
      look(Buffer.concat([stock.subarray(0, at), Buffer.from(forged), stock.subarray(at)])).report.complete,
    ).toBe(false);
  });

  test('a log line that cuts a frame still counts, with either line end', () => {
    const text = stock.toString('latin1');
    const line = /\[[^\n]*tsc: Refined[^\n]*\r\n/.exec(text)?.[0] ?? '';
    const without = text.replace(line, '');
    // Before the next log line, as it came.
    const frame = without.lastIndexOf('@tsc', text.indexOf(line));
    for (const hit of [frame + 25, frame + 60]) {
      const cut = without.slice(0, hit) + line + without.slice(hit);
      const evidence = look(Buffer.from(cut, 'latin1'));
      expect(evidence.report).toMatchObject({ complete: true, counts: { recovered: 1 } });
      expect(evidence.facts.refined).toHaveLength(1);
    }
    expect(look(Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1')).report.complete).toBe(true);
  });
});

/** The checksums of lines as the protocol forms them. */
function sums(lines: readonly string[], more = ''): string {
  const crc: string[] = [];
  for (let at = 0; at < lines.length; at += 16)
    crc.push(
      crc32(
        lines
          .slice(at, at + 16)
          .map((line) => `${line}\n`)
          .join(''),
      )
        .toString(16)
        .padStart(8, '0'),
    );
  return `first=0 records=${lines.length} lines=${lines.length} block=16 lost=0${more} crc=${crc.join(',')}`;
}

describe('the form of the lines', () => {
  const whole = (console: readonly string[], logged: readonly string[]) =>
    gatherEvidence(bytes([...console, ...report([['logsum', sums(logged)]])], '\r\n'), NONCE).logCheck?.whole;

  test.each([
    ['a caller id', '[    0.000001][    T0] tsc: x', '[    0.000001] tsc: x'],
    ['a long uptime', '[123456.000001] x', '[123456.000001] x'],
    [
      'bytes that are not ASCII, and backslashes',
      '[    1.000000] a\tb\\ \xe9',
      '[    1.000000] a\\x09b\\x5c \\xe9',
    ],
    ['an empty line of a record', '[    1.000000] ', '[    1.000000] '],
    ['spaces at the end', '[    1.000000] WT  ', '[    1.000000] WT  '],
  ])('%s', (_, shown, logged) => {
    expect(whole([shown], [logged])).toBe(true);
    expect(whole([shown], [`${logged}x`])).toBe(false);
  });

  test.each([
    ['a log that was overwritten', sums(['[    0.000000] x']).replace('lost=0', 'lost=1'), 'overwritten'],
    ['too few checksums', sums(['[    0.000000] x']).replace('lines=1', 'lines=40'), 'do not fit'],
    ['no line at all', 'first=0 records=0 lines=0 block=16 lost=0 crc=', 'nothing'],
  ])('%s is not vouched for', (_, payload, why) => {
    const evidence = gatherEvidence(bytes(['[    0.000000] x', ...report([['logsum', payload]])]), NONCE);
    expect(evidence.report.complete).toBe(false);
    expect(evidence.logCheck?.problem).toContain(why);
  });
});
