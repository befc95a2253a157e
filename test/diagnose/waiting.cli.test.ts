// An input that gives nothing does not hold the program: the first Ctrl-C ends it.
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LAUNCHER, openWorkshop, type Workshop } from '../cli/tscmatrix.ts';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop();
});
afterAll(() => workshop.remove());

interface Waiting {
  readonly child: ChildProcessWithoutNullStreams;
  /** The exit code after an interruption. */
  interrupt(): Promise<number | null>;
}

function start(args: readonly string[]): Waiting {
  const child = spawn(LAUNCHER, ['diagnose', ...args], { detached: true });
  const ended = once(child, 'close');
  return {
    child,
    async interrupt() {
      process.kill(-(child.pid ?? 0), 'SIGINT');
      return (await ended)[0] as number | null;
    },
  };
}

test('an idle pipe', async () => {
  const { child, interrupt } = start(['-']);
  // More than a pipe holds: once all of it is taken, the program is reading.
  await promisify<string, void>((text, done) => child.stdin.write(text, () => done(null)))(
    'x\n'.repeat(200_000),
  );
  expect(await interrupt()).toBe(130);
});

test('a FIFO that nobody writes to', async () => {
  const path = join(workshop.folder, 'fifo');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  const { child, interrupt } = start([path]);
  const files = `/proc/${child.pid}/fd`;
  const isOpen = async (): Promise<boolean> => {
    const names = await readdir(files).catch(() => []);
    const targets = await Promise.all(names.map((name) => readlink(join(files, name)).catch(() => '')));
    return targets.includes(path);
  };
  while (!(await isOpen())) await setTimeout(50);
  expect(await interrupt()).toBe(130);
});

test('a device that is read to its end', async () => {
  const { code, stderr } = await workshop.run(['diagnose', '/dev/null']);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('/dev/null is empty') });
});
