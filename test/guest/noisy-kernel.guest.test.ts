/** Frames survive a kernel that logs while the probe reports. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { boot, consoleText, launchOf } from '../support/faulty-guest.ts';

test('a kernel that logs all the time costs repetitions, but no frame', async () => {
  // Without the parameter the kernel lets ten messages of a program through in five seconds.
  const append = 'fault=noisy-kernel printk.devkmsg=on';
  const launch = await launchOf({ guest: { append } });
  const life = await boot(launch);
  expect(life.ending, (await consoleText(life)).slice(-2000)).toEqual({ kind: 'finished' });
  const { counts, complete } = gatherEvidence(await readFile(life.consolePath), launch.nonce).report;
  expect(counts).toMatchObject({ missing: 0, conflicts: 0, foreign: 0 });
  // Else the noise was not there, and this test has shown nothing.
  expect(counts.repeated + counts.recovered + counts.damaged).toBeGreaterThan(5);
  expect(complete).toBe(true);
});
