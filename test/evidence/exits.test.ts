/** Exit counts: the bytes of struct exits, and what may be said of them. */
import { expect, test } from 'vitest';
import { gatherAppliance } from '../../harness/evidence/appliance.ts';
import { decodeExits, decodeExitsHex, type ExitCounts, kernelReads } from '../../harness/evidence/exits.ts';
import { describeReads, readPatterns } from '../../harness/evidence/reads.ts';
import { APPLIANCE_NONCE, capture } from './nested-capture.ts';

function counted(name: string): ExitCounts {
  const { exits } = gatherAppliance(capture(`${name}.appliance`), APPLIANCE_NONCE);
  if (exits?.kind !== 'counted') throw new Error(`${name} has no counts`);
  return exits.counts;
}

test('what is not such a file is said so', () => {
  const good = Buffer.alloc(688);
  good.writeUInt32LE(0x58435354, 0);
  good.writeUInt32LE(1, 4);
  expect(decodeExits(good)).toMatchObject({
    kind: 'counted',
    counts: { runs: 0, perSecond: { pm: [], hpet: [] } },
  });
  const other = Buffer.from(good);
  other.writeUInt32LE(2, 4);
  for (const [bytes, why] of [
    [Buffer.alloc(0), '0 bytes'],
    [Buffer.alloc(688), 'begin with 0x0'],
    [other, 'version 2'],
    [good.subarray(0, 687), '687 bytes'],
    [Buffer.concat([good, Buffer.alloc(1)]), '689 bytes'],
  ] as const)
    expect(decodeExits(bytes)).toMatchObject({ kind: 'unreadable', why: expect.stringContaining(why) });
  expect(decodeExitsHex('54534358 ')).toMatchObject({ kind: 'unreadable' });
  // Wherever the bytes lie in their buffer.
  expect(decodeExits(Buffer.concat([Buffer.alloc(3), good]).subarray(3)).kind).toBe('counted');
});

test('a rejected sample in every second is called so', () => {
  const slow = counted('stock-slow');
  expect(kernelReads(slow)).toEqual({ pm: 140, hpet: 0 });
  expect(describeReads(slow)).toBe(
    "140 reads of the PM timer in the 8.5 s before the probe's own: 15 in each of the 7 whole seconds since the probe began, as of a sample whose five tries are all rejected: refinement restarts once a second",
  );
  expect(describeReads(counted('stock-slow-hpet'))).toBe(
    "20 reads of the PM timer in the 8.5 s before the probe's own: none in the 7 whole seconds since the probe began; 103 reads of the HPET: 5 in each of the 7 whole seconds since the probe began, as of a sample whose five tries are all rejected: refinement restarts once a second",
  );
  expect(readPatterns(counted('stock-slow-hpet')).map(({ shows }) => shows)).toEqual(['quiet', 'restarts']);
});

test('of a guest that registers tsc only the counts are told', () => {
  for (const name of ['stock', 'threshold-raised-disturbed']) {
    const exits = counted(name);
    expect(exits.reads.pm).toBe(826);
    expect(kernelReads(exits)).toEqual({ pm: 26, hpet: 0 });
    expect(describeReads(exits)).toBe(
      "26 reads of the PM timer in the 3.4 s before the probe's own: between 0 and 3 in each of the 2 whole seconds since the probe began",
    );
  }
});

test('the time added, and the disturbances, are counted', () => {
  const { reads, addedNs, disturbed } = counted('threshold-raised-disturbed');
  expect(disturbed.pm).toBe(Math.floor(reads.pm / 11));
  expect(addedNs.pm).toBe(reads.pm * 13_000 + disturbed.pm * 200_000);
});

function having(each: readonly number[], counter: 'pm' | 'hpet' = 'pm'): ExitCounts {
  const none = { pm: 0, hpet: 0 };
  const perSecond = { pm: [], hpet: [], [counter]: [4, ...each] };
  const total = each.reduce((sum, n) => sum + n, 4);
  const settled = { tNs: (each.length + 1) * 1e9 + 1, reads: { ...none, [counter]: total } };
  const marks = [{ tNs: 4e8, reads: { ...none, [counter]: 4 } }, settled, null, null];
  return { runs: 9, io: 9, mmio: 9, reads: none, addedNs: none, disturbed: none, marks, perSecond };
}

test.each([
  ['start samples rejected', [15, 15, 15, 15], 'pm', 'restarts'],
  ['a second between two passes', [15, 15, 0, 15], 'pm', 'restarts'],
  ['stop samples rejected, start samples taken', [18, 18, 18], 'pm', 'restarts'],
  ['too few seconds', [15, 15], 'pm', null],
  ['samples that are accepted', [3, 3, 3, 3], 'pm', null],
  ['no habit', [15, 0, 0, 15], 'pm', null],
  ['a clocksource in use', [412, 390, 401], 'pm', null],
  ['numbers that no sample makes', [16, 17, 16], 'pm', null],
  ['nothing', [0, 0, 0], 'pm', 'quiet'],
  ['five tries', [5, 5, 5], 'hpet', 'restarts'],
  ['two watchdog passes a second', [4, 4, 4], 'hpet', null],
  ['a watchdog that reads again', [6, 6, 6], 'hpet', null],
] as const)('%s: %j of %s shows %s', (_, each, counter, shows) => {
  const pattern = readPatterns(having(each, counter)).find((one) => one.counter === counter);
  expect(pattern?.shows).toBe(shows);
  expect(/restarts/.test(describeReads(having(each, counter)) ?? '')).toBe(shows === 'restarts');
});

test('without the marks nothing is said: the probe reads the counters too', () => {
  const exits = { ...counted('stock-slow'), marks: [null, null, null, null] };
  expect(kernelReads(exits)).toBe(null);
  expect(describeReads(exits)).toBe(null);
});
