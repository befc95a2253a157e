/** The bytes of struct exits as the C compiler lays them out. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { decodeExits } from '../../harness/evidence/exits.ts';

test('the layout is that of the C header', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'exits-'));
  try {
    const source = join(folder, 'fill.c');
    await writeFile(source, FILL);
    const images = join(import.meta.dirname, '..', '..', 'images');
    await promisify(execFile)('gcc', ['-I', images, source, '-o', join(folder, 'fill')]);
    const { stdout } = await promisify(execFile)(join(folder, 'fill'), { encoding: 'buffer' });
    expect(decodeExits(stdout)).toEqual({
      kind: 'counted',
      counts: {
        runs: 2 ** 40,
        io: 2,
        mmio: 3,
        reads: { pm: 4, hpet: 5 },
        addedNs: { pm: 6, hpet: 7 },
        disturbed: { pm: 8, hpet: 9 },
        marks: [
          { tNs: 10, reads: { pm: 11, hpet: 12 } },
          null,
          null,
          { tNs: 13, reads: { pm: 14, hpet: 15 } },
        ],
        perSecond: { pm: [16, 0, 0], hpet: [0, 0, 17] },
      },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

const FILL = `
#include <stdio.h>
#include "exits/exits.h"
int main(void)
{
	struct exits e = {
		.magic = EXITS_MAGIC, .version = EXITS_VERSION, .runs = 1ull << 40, .io = 2, .mmio = 3,
		.reads = { 4, 5 }, .added_ns = { 6, 7 }, .disturbed = { 8, 9 },
		.marks = { [0] = { 10, { 11, 12 } }, [3] = { 13, { 14, 15 } } },
		.per_second = { [COUNTER_PM] = { [0] = 16 }, [COUNTER_HPET] = { [2] = 17 } },
	};
	return fwrite(&e, sizeof e, 1, stdout) != 1;
}
`;
