import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stoppedBy } from '../../harness/host/interruption.ts';
import { takeLock, withLock } from '../../harness/host/lock.ts';
import { inScratch, startScript } from '../kernel/tools.ts';

test('one holder at a time, and the lock file is gone after the last', async () => {
  await inScratch(async (folder) => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    await Promise.all([1, 2, 3, 4].map(() => withLock(folder, 'a key', { purpose: 'testing' }, work)));
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });
});

test('different keys do not wait for each other', async () => {
  await inScratch(async (folder) => {
    const first = await takeLock(folder, 'a/b', { purpose: 'testing' });
    const second = await takeLock(folder, 'a?b', { purpose: 'testing' });
    await Promise.all([first.release(), second.release()]);
  });
});

test('the lock is released where the work throws', async () => {
  await inScratch(async (folder) => {
    const failing = withLock(folder, 'k', { purpose: 'failing' }, () =>
      Promise.reject(new Error('work failed')),
    );
    await expect(failing).rejects.toThrow('work failed');
    await withLock(folder, 'k', { purpose: 'next' }, async () => {});
  });
});

test('a wait says who holds the lock and can be aborted, and the holder keeps it', async () => {
  await inScratch(async (folder) => {
    const held = await takeLock(folder, 'k', { purpose: 'unpacking a kernel' });
    const controller = new AbortController();
    const said: string[] = [];
    const waiting = stoppedBy(controller.signal, () =>
      takeLock(folder, 'k', {
        purpose: 'waiting',
        onWait: (text) => {
          said.push(text);
          controller.abort();
        },
      }),
    );
    await expect(waiting).rejects.toMatchObject({ name: 'Interrupted' });
    expect(said).toEqual([`waiting for another process: unpacking a kernel (process ${process.pid})`]);
    const again = new AbortController();
    const onWait = () => again.abort();
    const second = stoppedBy(again.signal, () => takeLock(folder, 'k', { purpose: 'waiting', onWait }));
    await expect(second).rejects.toMatchObject({ name: 'Interrupted' });
    await held.release();
  });
});

test('the lock of another process is waited for, and is free once that was killed with -9', async () => {
  await inScratch(async (folder) => {
    const other = startScript(`
      import { takeLock } from './harness/host/lock.ts';
      await takeLock(${JSON.stringify(folder)}, 'k', { purpose: 'hanging' });
      console.log('held');
      setInterval(() => {}, 1000);
    `);
    await other.said('held');
    const said: string[] = [];
    const lock = await takeLock(folder, 'k', {
      purpose: 'next',
      onWait: (text) => {
        said.push(text);
        other.kill();
      },
    });
    await lock.release();
    expect(said).toEqual([`waiting for another process: hanging (process ${other.pid})`]);
    expect(await readdir(folder)).toEqual([]);
  });
});

test('a lock file that nobody holds does not stand in the way', async () => {
  await inScratch(async (folder) => {
    const lock = await takeLock(folder, 'k', { purpose: 'first' });
    const [name] = await readdir(folder);
    await lock.release();
    await writeFile(join(folder, name ?? ''), 'somebody who is gone (process 1)\n');
    await withLock(folder, 'k', { purpose: 'second' }, async () => {});
  });
});

test('Ctrl-C for the whole process group does not take the lock from a process that is cleaning up', async () => {
  await inScratch(async (folder) => {
    const script = `
      import { takeLock } from './harness/host/lock.ts';
      process.on('SIGINT', () => console.log('interrupted'));
      await takeLock(${JSON.stringify(folder)}, 'k', { purpose: 'cleaning up' });
      console.log('held');
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      await once(child.stdout, 'data');
      process.kill(-(child.pid ?? 0), 'SIGINT');
      await once(child.stdout, 'data');
      const controller = new AbortController();
      const onWait = () => controller.abort();
      const taking = stoppedBy(controller.signal, () => takeLock(folder, 'k', { purpose: 'next', onWait }));
      await expect(taking).rejects.toMatchObject({ name: 'Interrupted' });
    } finally {
      child.kill('SIGKILL');
    }
  });
});
