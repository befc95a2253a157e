/** An attempt that failed below the guest is made again, with another nonce, and is not forgotten. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { nextNonce } from '../../harness/guest/launch/command-line.ts';
import type { FailedAttempt } from '../../harness/lab/files.ts';
import {
  altered,
  BUILD_MS,
  bootNested,
  type NestedParts,
  nestedLaunchOf,
  nestedParts,
  withScript,
} from '../support/nested-boots.ts';

// Boots of seconds, beside whatever else runs.
vi.setConfig({ testTimeout: 400_000 });

let parts: NestedParts;
beforeAll(async () => {
  parts = await nestedParts();
}, BUILD_MS);

const FIRST = '0badcafe';
const SECOND = nextNonce(FIRST);
const THIRD = nextNonce(SECOND);

test('three times at most, with nonces that follow from the first; the files of each are kept', async () => {
  const told: FailedAttempt[] = [];
  const launch = await withScript(await nestedLaunchOf(parts, { nonce: FIRST }), 'kill -SEGV $$');
  const boot = await bootNested(launch, { onRetry: async (failed) => void told.push(failed) });

  const died = { kind: 'host-fault', code: 'guest-qemu-failed' };
  expect(boot.ending).toMatchObject(died);
  expect(boot.observation.verdict).toBe('infra-error');
  expect(boot.launch.nonce).toBe(THIRD);
  expect(boot.failed).toMatchObject([
    { nonce: FIRST, ending: died },
    { nonce: SECOND, ending: died },
  ]);
  expect(told).toEqual(boot.failed);

  const names = ['appliance.log', 'command.sh', 'console.log', 'qemu-stderr.log'];
  const last = (await readdir(boot.folder)).sort();
  expect(last).toEqual([...names, 'attempt-1', 'attempt-2', 'boot.json', 'evidence.json'].sort());
  const nonces = [
    ['attempt-1', FIRST],
    ['attempt-2', SECOND],
    ['.', THIRD],
  ] as const;
  for (const [name, nonce] of nonces) {
    const folder = join(boot.folder, name);
    if (name !== '.') expect((await readdir(folder)).sort()).toEqual(names);
    // Each attempt really ran with its own.
    expect(await readFile(join(folder, 'appliance.log'), 'latin1')).toContain(`@tsc ${nonce} 0 `);
  }
  const written = JSON.parse(await readFile(join(boot.folder, 'boot.json'), 'utf8'));
  expect(written).toMatchObject({ failed: boot.failed, launch: { nonce: THIRD } });
});

test('an attempt that goes well after one that failed is what counts', async () => {
  // The nonce decides, as it would where a fault depends on the inputs alone.
  const script = `case "$*" in *nonce=${FIRST}*) kill -SEGV $$ ;; esac\nexec "$@"`;
  const boot = await bootNested(await withScript(await nestedLaunchOf(parts, { nonce: FIRST }), script));
  expect(boot.ending, boot.observation.reason).toEqual({ kind: 'finished' });
  expect(boot.failed).toMatchObject([{ nonce: FIRST }]);
  expect(boot.launch.nonce).toBe(SECOND);
  expect(boot.observation).toMatchObject({ verdict: 'refined', differences: [] });
  expect(await readdir(boot.folder)).toContain('attempt-1');
  expect(await readdir(join(boot.folder, 'attempt-1'))).not.toContain('boot.json');
});

test('what would be refused again is asked once', async () => {
  const launch = altered(await nestedLaunchOf(parts), 'pc-i440fx-7.2,,hpet', 'nonsense,,hpet');
  const boot = await bootNested(launch);
  expect(boot.ending).toMatchObject({ code: 'qemu-unsupported' });
  expect(boot.failed).toEqual([]);
});
