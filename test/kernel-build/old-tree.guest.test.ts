// An old kernel tree, built by today's tools with nothing but its directory, and booted. No archive of Debian has one:
// TSCMATRIX_OLD_TREES names a folder of such trees, the first of which is taken.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCache } from '../../harness/host/cache.ts';
import { acquireKernel } from '../../harness/kernel/acquire.ts';
import { kernelSchema, kernelSource } from '../../harness/matrix/kernel-schema.ts';
import { BUILD_MS } from '../support/nested-boots.ts';
import { bootNested } from '../support/nested-guest.ts';

const FOLDER = process.env.TSCMATRIX_OLD_TREES;

test(
  'an old tree builds and boots nested',
  async ({ skip }) => {
    if (FOLDER === undefined) return skip('TSCMATRIX_OLD_TREES names no folder of old kernel trees');
    const [name] = (await readdir(FOLDER)).sort();
    if (name === undefined) return skip(`${FOLDER}, which TSCMATRIX_OLD_TREES names, is empty`);
    const source = kernelSource(kernelSchema.parse({ source: { directory: join(FOLDER, name) } }), '/');
    const { path, build } = await acquireKernel({ name, source }, { cache: await openCache() });
    expect(build?.era, 'today’s tools need something to build it').toBeDefined();
    const seen = await bootNested(path, { clock: 'deterministic' }, ({ observation }) => observation);
    expect(seen).toMatchObject({ current: 'kvm-clock' });
  },
  BUILD_MS,
);
