// A guest's settings in the record: what is written is what is read, and what is older has the defaults.
import { expect, test } from 'vitest';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { parseEvent } from '../../harness/record/schema.ts';
import { cellOf } from './sample-run.ts';

function planned(guest: object): ReturnType<typeof parseEvent> {
  const cell = { ...cellOf('a', 'a', 'on'), guest };
  const event = { seq: 1, at: '2026-01-31T12:00:00.000Z', type: 'cell-planned', cell };
  return parseEvent(JSON.parse(JSON.stringify(event)));
}

function readBack(guest: object): unknown {
  const parsed = planned(guest);
  return parsed.ok && parsed.event.type === 'cell-planned' ? parsed.event.cell.guest : parsed;
}

test('every setting of a delayed Xen guest is kept', () => {
  for (const disturbance of [
    { kind: 'every', every: 7, ns: 100_000 },
    { kind: 'random', probability: 0.01, seed: 3, ns: 1_000_000 },
  ] as const) {
    const guest: GuestSpec = {
      ...DEFAULT_GUEST,
      topology: 'nested',
      personality: 'xen',
      refDelay: { pmNs: 10_000, hpetNs: 5000, disturbance },
      qemu: 'system',
    };
    expect(readBack(guest)).toEqual(guest);
  }
});

test('a guest that was recorded before these settings has their defaults', () => {
  const { personality: _p, refDelay: _r, qemu: _q, ...older } = DEFAULT_GUEST;
  expect(readBack(older)).toEqual(DEFAULT_GUEST);
});

test('a delay that is not one is no event', () => {
  expect(planned({ ...DEFAULT_GUEST, refDelay: { pmNs: -1, hpetNs: 0, disturbance: null } }).ok).toBe(false);
  expect(planned({ ...DEFAULT_GUEST, personality: 'vmware' }).ok).toBe(false);
});
