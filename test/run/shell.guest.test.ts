// A guest on a terminal of its own, by script(1): typed words, Ctrl-C, the end, and a terminal that is closed.
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CACHE, LAUNCHER, openWorkshop, type Workshop } from '../cli/tscmatrix.ts';
import { builtKernel } from '../support/built-kernel.ts';
import { BUILD_MS } from '../support/nested-boots.ts';

let shop: Workshop;
let kernel: string;
beforeAll(async () => {
  shop = await openWorkshop();
  kernel = (await builtKernel()).path;
}, BUILD_MS);
afterAll(() => shop.remove());

function openShell() {
  const words = `stty cols 100 rows 33; exec '${LAUNCHER}' shell '${kernel}' --cell topology=tcg,clock=real,hpet=off`;
  const child = spawn('script', ['-qec', words, '/dev/null'], {
    cwd: shop.folder,
    env: { ...process.env, TMPDIR: shop.temp, TSCMATRIX_CACHE: CACHE, TERM: 'xterm' },
  });
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    child,
    ended,
    says: (wanted: string) => expect.poll(() => text, { timeout: 120_000, interval: 200 }).toContain(wanted),
  };
}

/** Processes that were started in this test's own temp folder. */
async function leftRunning(): Promise<string[]> {
  const lines = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')),
  );
  return lines.filter((environ) => environ.includes(`TMPDIR=${shop.temp}\0`));
}

test('typed words are answered, Ctrl-C ends what runs in the guest, exit ends the guest', async () => {
  const shell = openShell();
  await shell.says('/ # ');
  shell.child.stdin.write('stty size; echo $((6 * 7))-answer\n');
  await shell.says('33 100');
  await shell.says('42-answer');
  shell.child.stdin.write('sleep 1000\n');
  await shell.says('sleep 1000');
  // Until the shell has started it, Ctrl-C is for nobody.
  const again = setInterval(() => shell.child.stdin.write('\x03echo after-$?\n'), 1000);
  await shell.says('after-130').finally(() => clearInterval(again));
  shell.child.stdin.write('exit\n');
  expect(await shell.ended).toBe(0);
  expect(await leftRunning()).toEqual([]);
  expect(await shop.leftovers()).toEqual([]);
}, 300_000);

test('a terminal that is closed takes the guest with it', async () => {
  const shell = openShell();
  await shell.says('Linux 6.1');
  shell.child.kill('SIGKILL');
  await expect.poll(leftRunning, { timeout: 20_000, interval: 200 }).toEqual([]);
}, 300_000);
