// A log of any shape costs by its size: a time and a memory that have an end, and Ctrl-C is answered on the way.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LAUNCHER, openWorkshop, type Workshop } from '../cli/tscmatrix.ts';

const BYTES = 64_000_000;
const MEMORY_KIB_MAX = 400 * 1024;
/** CPU time, s. It is meant to be 5; what it is to be told apart from is a minute. */
const CPU_S_MAX = 20;

let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop();
});
afterAll(() => workshop.remove());

const shaped = (piece: string): Promise<string> => workshop.file('log', Buffer.alloc(BYTES, piece, 'latin1'));

/** User and system time of a process so far, s: proc(5). */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** All that it has read so far: proc(5). */
const bytesReadBy = (pid: number): number =>
  Number(/^rchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1]);

/** The highest of what a process took, as it was seen while it ran. */
async function costOf(args: readonly string[]): Promise<{ cpuS: number; kib: number; code: number }> {
  const child = spawn(LAUNCHER, args, { stdio: 'ignore' });
  let [cpuS, kib] = [0, 0];
  const ended = once(child, 'close');
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
      kib = Math.max(kib, Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? 0));
      cpuS = Math.max(cpuS, cpuOf(child.pid ?? 0));
    } catch {
      // It has just ended.
    }
    if (cpuS > CPU_S_MAX) child.kill('SIGKILL');
    await setTimeout(20);
  }
  const [code] = (await ended) as [number | null];
  return { cpuS, kib, code: code ?? -1 };
}

test.each([
  ['short lines', 'a\n'],
  ['carriage returns', 'x\r'],
  ['the same line of a kernel', '[    0.000000] x\n'],
  ['marks', '[    2.050090] tsc: Marking TSC unstable due to clocksource watchdog\n'],
  ['one line', 'tsc '],
  ['records', '{"MESSAGE":"tsc"}\n'],
])('64 MB of %s', async (_, piece) => {
  const { cpuS, kib, code } = await costOf(['diagnose', await shaped(piece)]);
  expect(cpuS).toBeLessThan(CPU_S_MAX);
  expect(kib).toBeGreaterThan(10_000);
  expect(kib).toBeLessThan(MEMORY_KIB_MAX);
  expect([0, 1]).toContain(code);
});

test('Ctrl-C is answered at any moment of reading it', async () => {
  const log = await shaped('a\n');
  for (const share of [0.1, 0.5, 0.95]) {
    const { child, done } = workshop.start(['diagnose', log]);
    const pid = child.pid ?? 0;
    while (bytesReadBy(pid) < share * BYTES) await setTimeout(5);
    const before = cpuOf(pid);
    child.kill('SIGINT');
    // Sampled until it is gone: what it still does after the signal is the delay, whatever else this host does.
    let after = before;
    const gone = done.then(() => true);
    while (!(await Promise.race([gone, setTimeout(5, false)]))) {
      try {
        after = Math.max(after, cpuOf(pid));
      } catch {
        break;
      }
    }
    expect((await done).code, `at ${share}`).toBe(130);
    expect(after - before, `at ${share}`).toBeLessThan(1);
  }
});
