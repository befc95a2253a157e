/** What is left where the harness itself is killed with -9 while a guest runs: nothing that stays. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { MOST_FILE_BYTES } from '../../harness/host/confine/privileges.ts';
import { removeStaleScratch } from '../../harness/host/scratch.ts';
import { launchOf, randomNonce, testFolder } from '../support/faulty-guest.ts';
import { qemusOf, scratchOf } from '../support/processes.ts';

test('QEMU dies with the harness, and the next run removes the scratch folder', async () => {
  const nonce = randomNonce();
  const launch = await launchOf({ nonce, guest: { append: 'fault=spin' } });
  const script = join(import.meta.dirname, '..', 'support', 'boot-forever.ts');
  const harness = spawn(process.execPath, [script, JSON.stringify(launch), await testFolder()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid } = harness;
  if (pid === undefined) throw new Error('the harness did not start');
  try {
    await once(harness.stdout, 'data');
    const qemus = await qemusOf(nonce);
    expect(qemus).toHaveLength(1);
    // It has no rights of root's, whoever we are; that it changed its user must not keep it from dying with us.
    const status = await readFile(`/proc/${qemus[0]}/status`, 'utf8');
    expect(status).not.toMatch(/^[UG]id:.*\b0\b/m);
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    const limits = await readFile(`/proc/${qemus[0]}/limits`, 'utf8');
    expect(Number(/^Max file size +(\d+)/m.exec(limits)?.[1])).toBeLessThanOrEqual(MOST_FILE_BYTES);
    expect(limits).toMatch(/^Max core file size +0 /m);
    const left = await scratchOf(pid);
    expect(left).toHaveLength(1);

    harness.kill('SIGKILL');
    await once(harness, 'exit');
    await vi.waitFor(async () => expect(await qemusOf(nonce)).toEqual([]), { timeout: 20_000 });
    expect(await scratchOf(pid)).toEqual(left);
    await removeStaleScratch();
    expect(await scratchOf(pid)).toEqual([]);
  } finally {
    harness.kill('SIGKILL');
  }
});
