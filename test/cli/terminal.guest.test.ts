// In a terminal: a live view on stderr that leaves the terminal as it was.
import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CACHE, LAUNCHER, MATRIX, openWorkshop, type Workshop } from './tscmatrix.ts';

const SHOW_CURSOR = '\x1b[?25h';
// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of a terminal
const COLOUR = /\x1b\[[\d;]+m/;
const HIDE_CURSOR = '\x1b[?25l';

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  // The brief QEMU is the one of --qemu.
  await shop.file('three.yaml', `${MATRIX}defaults: { emulator: system }\n`);
  await chmod(await shop.file('brief-qemu', '#!/bin/sh\nsleep 1\n'), 0o755);
});
afterAll(() => shop.remove());

/** Runs the program on a pseudo terminal, by script(1) of util-linux, and gives all that came to the terminal. */
async function onTerminal(
  args: string,
  env: Record<string, string>,
): Promise<{ code: number; text: string }> {
  const options = {
    cwd: shop.folder,
    // Node takes a terminal under CI for one without colours: a user's terminal is what is tried here.
    env: {
      ...process.env,
      CI: undefined,
      TMPDIR: shop.temp,
      TSCMATRIX_CACHE: CACHE,
      TERM: 'xterm-256color',
      ...env,
    },
  };
  const { stdout } = await promisify(execFile)(
    'sh',
    [
      '-c',
      `script -qec "stty cols 120 rows 40; exec '${LAUNCHER}' ${args}" /dev/null </dev/null; echo "code=$?"`,
    ],
    options,
  );
  return { code: Number(/code=(\d+)\s*$/.exec(stdout)?.[1]), text: stdout };
}

// A QEMU that ends after a second: long enough for some pictures.
const RUN = 'run three.yaml --qemu ./brief-qemu --results';

test('the view is drawn, gives way to the table, and the cursor comes back', async () => {
  const { code, text } = await onTerminal(`${RUN} r`, { NO_COLOR: '' });
  expect(code, text).toBe(69);
  expect(text).toMatch(/three {2}0:0\d {2}\d\/3 cells/);
  expect(text).toMatch(/3 cells: 3 infra-error in 0:0\d/);
  expect(text).toContain('debian-6.1');
  expect(text).toContain(HIDE_CURSOR);
  expect(text.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(text.lastIndexOf(HIDE_CURSOR));
  expect(text).toMatch(COLOUR);
});

test('a terminal that can do nothing gets plain lines', async () => {
  const { text } = await onTerminal(`${RUN} r-dumb`, { TERM: 'dumb' });
  expect(text).toMatch(/\[ +\d\.\d s\] infra-error debian-6\.1/);
  expect(text).not.toContain('\x1b');
});

test('NO_COLOR takes the colours, not the view', async () => {
  const { text } = await onTerminal(`${RUN} r-plain`, { NO_COLOR: '1' });
  expect(text).toContain(HIDE_CURSOR);
  expect(text).not.toMatch(COLOUR);
});
