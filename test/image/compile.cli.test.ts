/** The C programs of images/: no warning is let through, and what is built needs nothing but a kernel. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { compileFolder, compileTool } from '../../harness/image/compile.ts';

test.each([
  ['tscprobe', () => compileFolder('tscprobe', 'probe')],
  ['tsc-khz', () => compileTool('host/tsc-khz.c')],
])('%s compiles without a warning into a static program', async (_, compile) => {
  const path = await compile();
  expect((await readFile(path)).subarray(0, 4)).toEqual(Buffer.from('\x7fELF'));
  const { stdout } = await promisify(execFile)('readelf', ['-lW', path], {
    env: { ...process.env, LC_ALL: 'C' },
  });
  expect(stdout).toContain('LOAD');
  expect(stdout).not.toMatch(/INTERP|NEEDED/);
  // No path of this machine gets into the bytes.
  expect((await readFile(path)).includes(process.cwd())).toBe(false);
});

test('the probe compiles without a warning under stricter rules than the build’s', async () => {
  const folder = `${import.meta.dirname}/../../images/probe`;
  const flags =
    '-std=gnu17 -O2 -Wall -Wextra -Wshadow -Wformat=2 -Wformat-nonliteral -Wundef -Werror -fsyntax-only';
  await promisify(execFile)('sh', ['-c', `gcc ${flags} -Wno-format-nonliteral *.c`], { cwd: folder });
});
