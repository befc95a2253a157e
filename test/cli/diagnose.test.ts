import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { type DiagnoseOptions, diagnoseCommand } from '../../harness/cli/diagnose.ts';

const folder = mkdtempSync(join(tmpdir(), 'diagnose-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, 'latin1');
  return path;
}
async function run(options: DiagnoseOptions, isTTY = false): Promise<{ code: number; out: string }> {
  let out = '';
  const code = await diagnoseCommand({ ...options, stdout: { isTTY, write: (text) => (out += text) } });
  return { code, out };
}
async function* piped(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text.slice(0, 7));
  yield Buffer.from(text.slice(7));
}
const LOG =
  '[    0.000000] tsc: Detected 3000.000 MHz processor\n[    2.600920] Switched to clocksource kvm-clock\n';
const EVIL =
  "[    9.0] clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc\x1b]0;owned\x07\x1b[2J\x9b31m' as unstable because the skew is too large:\n[    9.1] tsc: Marking TSC unstable due to \x1b[31mTSC halts in idle\x00\x08\n";

test('a file and a list given as an option', async () => {
  const { code, out } = await run({
    file: file('a.log', LOG + LOG),
    available: 'kvm-clock acpi_pm',
    json: true,
  });
  expect(code).toBe(0);
  const result = JSON.parse(out);
  expect(Object.keys(result).sort()).toEqual(
    [
      'registration',
      'current',
      'available',
      'cause',
      'confidence',
      'evidence',
      'not',
      'next',
      'summary',
    ].sort(),
  );
  expect(result).toMatchObject({
    registration: 'never',
    cause: 'refinement-restarts',
    available: ['kvm-clock', 'acpi_pm'],
  });
});

test('"-" reads standard input, in whatever pieces it comes', async () => {
  const { out } = await run({
    file: '-',
    stdin: piped(`${LOG}[    3.1] tsc: Refined TSC clocksource calibration: 3000.004 MHz\n`),
    json: true,
  });
  expect(JSON.parse(out)).toMatchObject({
    registration: 'refined',
    cause: 'outranked',
    evidence: [{ line: 3 }, { line: 2 }],
  });
});

test('text for people shows the cited lines by number', async () => {
  const { out } = await run({ file: file('b.log', LOG), available: 'kvm-clock tsc-early' });
  expect(out).toContain('registration  never');
  expect(out).toContain('line 1    [    0.000000] tsc: Detected 3000.000 MHz processor');
  expect(out).toContain('missing   tsc: Refined TSC');
  expect(out).not.toContain('\x1b');
});

test.each([true, false])('nothing of the log reaches a terminal raw (terminal: %s)', async (isTTY) => {
  const { out } = await run({ file: file('evil.log', EVIL) }, isTTY);
  expect(out).toContain('unstable');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: our own colours are all that may stay
  expect(out.replace(/\x1b\[\d{1,2}m/g, '')).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
  expect(out).not.toContain('owned');
});

test('two logs: which fails, and what the other has that it lacks; the same on a page', async () => {
  const bad = file('bad.log', `$ cat current_clocksource available_clocksource\nkvm-clock acpi_pm\n${LOG}`);
  const good = file(
    'good.log',
    '[    0.000000] tsc: Detected 2394.476 MHz processor\n[    2.244080] tsc: Refined TSC clocksource calibration: 2394.455 MHz\n',
  );
  const html = join(folder, 'page.html');
  const { code, out } = await run({ file: bad, other: good, html });
  expect(code).toBe(0);
  expect(out).toContain(
    'B has "tsc: Refined TSC clocksource calibration: 2394.455 MHz" (line 2), and A does not',
  );
  expect(readFileSync(html, 'utf8')).toMatch(/class="ln cited"><span class="n">2<.*Refined TSC/);
  const { out: inJson } = await run({ file: bad, other: good, json: true });
  expect(JSON.parse(inJson)).toMatchObject({ failing: 0, matters: [{ side: 1, line: 2 }] });
});

test('for a ticket: markdown with the cited lines marked in the log', async () => {
  const { out } = await run({
    file: file('t.log', `x\nx\nx\n${LOG}`),
    available: 'kvm-clock tsc-early',
    markdown: true,
  });
  expect(out).toMatch(/^ {2}\.\.\. 2 lines\n {7}3 {2}x\n> {6}4 {2}\[ {4}0\.000000\] tsc: Detected/m);
  expect(out).toContain('| cause | refinement-restarts |');
});

test('the list alone is enough to be asked for the rest', async () => {
  const { code, out } = await run({ available: 'kvm-clock acpi_pm' });
  expect(code).toBe(0);
  expect(out).toContain('dmesg');
});

test.each<[string, () => DiagnoseOptions]>([
  ['a file that is not there', () => ({ file: join(folder, 'none') })],
  ['a directory', () => ({ file: folder })],
  ['an empty file', () => ({ file: file('empty', '') })],
  ['a file of blanks', () => ({ file: file('blank', ' \n\n\t') })],
  ['empty standard input', () => ({ file: '-', stdin: piped('') })],
  ['an empty --available', () => ({ file: file('c', LOG), available: ' ' })],
  ['an odd name in --available', () => ({ file: file('d', LOG), available: 'tsc \x1b[31m' })],
  ['a list beside two logs', () => ({ file: file('f', LOG), other: file('g', LOG), available: 'tsc' })],
  ['two forms', () => ({ file: file('h', LOG), json: true, markdown: true })],
  [
    'a page in a folder that is not there',
    () => ({ file: file('i', LOG), html: join(folder, 'no', 'x.html') }),
  ],
  ['two names for --current', () => ({ file: file('e', LOG), current: 'tsc hpet' })],
])("%s is the user's error", async (_, options) => {
  await expect(run(options())).rejects.toThrow(UserError);
});
