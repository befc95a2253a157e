import { expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { median } from '../../harness/base/figures.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { type Durations, parseDurations } from '../../harness/plan/durations.ts';
import { ownPart, parseShard, shardPart } from '../../harness/plan/shard.ts';
import type { Cell, Plan } from '../../harness/plan/types.ts';
import { seeded } from '../support/seeded.ts';

function cellOf(id: string, kernel: string, guest: Partial<GuestSpec> = {}): Cell {
  const expectation = { registration: ['refined'], from: ['default'] } as const;
  return { id, kernel, guest: { ...DEFAULT_GUEST, ...guest }, axes: {}, expectation };
}

function planOf(cells: readonly Cell[]): Plan {
  const kernels = [...new Set(cells.map(({ kernel }) => kernel))].map((name) => ({
    name,
    source: { kind: 'image', path: `/${name}` } as const,
  }));
  return { name: 'p', matrixSha256: 'ab'.repeat(32), matrixPath: '/p.yaml', kernels, cells };
}

const MANY = planOf(
  Array.from({ length: 97 }, (_, i) =>
    cellOf(`cell-${i}`, `kernel-${i % 5}`, {
      topology: i % 7 === 0 ? 'kvm' : 'tcg',
      clock: i % 7 === 0 || i % 3 === 0 ? 'real' : 'deterministic',
      memoryMiB: i % 11 === 0 ? 8192 : 512,
    }),
  ),
);
const random = seeded(7);
const KNOWN: Durations = {
  cells: new Map(MANY.cells.map(({ id }) => [id, 1000 + Math.floor(random() * 60_000)])),
  hosts: null,
};

const idsOf = (plan: Plan, of: number, durations?: Durations): string[][] =>
  Array.from({ length: of }, (_, i) =>
    ownPart(plan, shardPart(plan, { index: i + 1, of }, durations)).cells.map(({ id }) => id),
  );

test.each([1, 2, 3, 8, 97])('%i shards together are the plan, each cell once, in its order', (of) => {
  for (const durations of [undefined, KNOWN]) {
    const shards = idsOf(MANY, of, durations);
    const order = MANY.cells.map(({ id }) => id);
    expect(shards.flat().sort()).toEqual([...order].sort());
    for (const ids of shards) expect(ids).toEqual(order.filter((id) => ids.includes(id)));
  }
});

test('the split does not depend on the order of the plan, nor on the order of the durations', () => {
  const turned = planOf([...MANY.cells].reverse());
  const known = { cells: new Map([...KNOWN.cells].reverse()), hosts: null };
  const sorted = (shards: string[][]): string[][] => shards.map((ids) => [...ids].sort());
  expect(sorted(idsOf(turned, 5, known))).toEqual(sorted(idsOf(MANY, 5, KNOWN)));
});

test('shards take about as long as one another', () => {
  const total = (ids: string[]): number => ids.reduce((sum, id) => sum + (KNOWN.cells.get(id) ?? 0), 0);
  const times = idsOf(MANY, 4, KNOWN).map(total);
  // Besides the longest cell, what getting five kernels costs.
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(61_000 + 5 * 3000);
});

test('a shard has the kernels of its cells alone, and cells that take as long are kept together by kernel', () => {
  const cells = ['a', 'b', 'c', 'd'].flatMap((kernel) => [1, 2].map((n) => cellOf(`${kernel}.${n}`, kernel)));
  const plan = planOf(cells);
  for (const index of [1, 2, 3, 4]) {
    const part = ownPart(plan, shardPart(plan, { index, of: 4 }));
    expect(part.kernels).toHaveLength(1);
    expect(part.cells.every(({ kernel }) => kernel === part.kernels[0]?.name)).toBe(true);
  }
});

test('cells go to hosts that can run them, and more of them to a faster host', () => {
  const hosts = [
    { kvm: false, speed: 1 },
    { kvm: true, memoryMiB: 4096, speed: 1 },
    // As much as the small guests have: room enough.
    { kvm: false, memoryMiB: 512, speed: 3 },
  ];
  const [one, two, three] = idsOf(MANY, 3, { cells: KNOWN.cells, hosts }) as [string[], string[], string[]];
  const byId = new Map(MANY.cells.map((cell) => [cell.id, cell.guest]));
  const small = (id: string): boolean => (byId.get(id)?.memoryMiB ?? 0) <= 1024;
  // No host has KVM and room for 8 GiB: cells that want both may be given to any, which then says why it skips them.
  const possible = (id: string): boolean => small(id) || byId.get(id)?.topology !== 'kvm';
  expect(three.filter(possible).every(small)).toBe(true);
  expect(one.filter((id) => !small(id) && byId.get(id)?.topology === 'tcg').length).toBeGreaterThan(0);
  const kvm = MANY.cells.filter(({ guest }) => guest.topology === 'kvm' && guest.memoryMiB <= 1024);
  expect(kvm.every(({ id }) => two.includes(id))).toBe(true);
  expect(three.length).toBeGreaterThan(one.length);
});

test('a description of other hosts than there are shards is refused', () => {
  const durations = { cells: new Map(), hosts: [{ kvm: true, speed: 1 }] };
  expect(() => shardPart(MANY, { index: 1, of: 2 }, durations)).toThrow(/1 hosts, and there are 2 shards/);
});

test('a shard without cells is a plan without cells', () => {
  const plan = planOf([cellOf('only', 'k')]);
  const part = shardPart(plan, { index: 2, of: 2 });
  expect(part).toMatchObject({ index: 2, of: 2, planCells: ['only'], own: [] });
  expect(ownPart(plan, part)).toMatchObject({ cells: [], kernels: [] });
});

test.each(['', '1', '0/2', '3/2', '1/0', '-1/2', '1/2/3', 'a/b', '1/99999', '1.5/2', ' 1/2'])(
  '--shard %j is refused',
  (text) => expect(() => parseShard(text)).toThrow(UserError),
);

test('durations: the JSON report of a run, by the median of its boots', () => {
  const report = {
    cells: [
      { id: 'a', boots: [{ wallMs: 30 }, { wallMs: 10 }, { wallMs: 20 }] },
      { id: 'skipped', boots: [] },
      { id: 'lost', boots: [{ wallMs: null }] },
    ],
  };
  expect(parseDurations(JSON.stringify(report), 'r.json')).toEqual({
    cells: new Map([['a', 20]]),
    hosts: null,
  });
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('durations: a form of their own', () => {
  const text = JSON.stringify({ version: 1, cells: { a: 5 }, hosts: [{ kvm: false }, { speed: 2 }] });
  expect(parseDurations(text, 'd.json')).toEqual({
    cells: new Map([['a', 5]]),
    hosts: [
      { kvm: false, speed: 1 },
      { kvm: true, speed: 2 },
    ],
  });
});

test.each([
  ['{', /is no JSON/],
  ['[]', /d\.json: /],
  ['{"version":2}', /version/],
  ['{"version":1,"cells":{"a":-1}}', /cells\.a/],
  ['{"version":1,"hosts":[{"speed":0}]}', /hosts\.0\.speed/],
  ['{"version":1,"host":[]}', /host/],
])('durations %s are refused with the place', (text, pattern) => {
  expect(() => parseDurations(text, 'd.json')).toThrow(pattern);
});

/** The cells of each of two shards, where these took so many seconds. */
function inTwo(seconds: Readonly<Record<string, number | null>>): string[][] {
  const plan = planOf(Object.keys(seconds).map((id) => cellOf(id, id.slice(0, 1))));
  const cells = new Map(
    Object.entries(seconds).flatMap(([id, s]): [string, number][] => (s === null ? [] : [[id, s * 1000]])),
  );
  return idsOf(plan, 2, { cells, hosts: null });
}

test('a kernel is got once for a shard: its second cell goes where the first one is', () => {
  // Got again (3 s) it would be done sooner beside b1.
  expect(inTwo({ a1: 10, b1: 9, a2: 1 })).toEqual([['a1', 'a2'], ['b1']]);
});

test('a cell of unknown time counts as the median of its kind', () => {
  // k1 60 s, k2 and k4 50 s, k3 20 s; a cell of a few seconds would end up beside k1.
  expect(inTwo({ k1: 60, k2: 50, k3: 20, k4: null })).toEqual([
    ['k1', 'k3'],
    ['k2', 'k4'],
  ]);
});
