import { expect, test } from 'vitest';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { cellId, ID_LENGTH } from '../../harness/plan/cell-id.ts';
import { ids } from './helpers.ts';

function id(changes: Partial<GuestSpec>, kernel = 'debian-6.1'): string {
  return cellId(kernel, { ...DEFAULT_GUEST, ...changes });
}

test('names the kernel, the topology, the clock and what differs from the defaults, in alphabetical order', () => {
  expect(id({})).toBe('debian-6.1.tcg.deterministic');
  expect(
    id({
      smp: 2,
      hpet: false,
      cpu: 'max,+invtsc',
      memoryMiB: 1024,
      clock: 'real',
      topology: 'kvm',
      machine: 'pc-q35-7.2',
    }),
  ).toBe('debian-6.1.kvm.real.cpu=max,+invtsc.hpet=off.machine=pc-q35-7.2.mem=1024.smp=2');
});

test('values that an id cannot hold are made readable and told apart by a hash', () => {
  const texts = [
    'tsc=reliable nohpet',
    'tsc=reliable,nohpet',
    'tsc=reliable  nohpet',
    'a/b',
    'a_b',
    '../x',
    'x.smp=2',
    '"',
  ];
  const all = texts.map((append) => id({ append }));
  expect(all[0]).toMatch(/^debian-6\.1\.tcg\.deterministic\.append=tsc=reliable,nohpet-[0-9a-f]{8}$/);
  expect(all[1]).toBe('debian-6.1.tcg.deterministic.append=tsc=reliable,nohpet');
  expect(new Set(all).size).toBe(texts.length);
});

test('every printable text makes a safe file name', () => {
  const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
  for (const text of [...printable.map((one) => `${one}${one}.${one}`), printable.join('')]) {
    const made = id({ append: text, cpu: 'a..b' });
    expect(made).toMatch(/^[A-Za-z0-9][A-Za-z0-9._+=,-]*$/);
    expect(made).not.toContain('..');
    expect(made.length).toBeLessThanOrEqual(ID_LENGTH);
  }
});

test('long ids are cut and stay distinct', () => {
  const long = [id({ append: `${'x'.repeat(300)}1` }), id({ append: `${'x'.repeat(300)}2` })];
  expect(long.map(({ length }) => length)).toEqual([ID_LENGTH, ID_LENGTH]);
  expect(long[0]).not.toBe(long[1]);
});

/** A small generator (mulberry32), so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(list: readonly T[], next: () => number): T[] {
  return list
    .map((item) => ({ item, key: next() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

const AXES: readonly (readonly [string, readonly string[]])[] = [
  ['hpet', ['on', 'off']],
  ['smp', ['1', '2', '4']],
  ['cpu', ['max', '"qemu64,-sse4.2"', '"EPYC,+invtsc"']],
  ['append', ['""', 'notsc', '"a b"']],
];

function axesText(next: () => number): string {
  const own = ['x: { memory: 512 }', 'y: { memory: 1G }', 'z: { memory: 256, machine: q35 }'];
  const lines = AXES.map(([name, values]) => `  ${name}: [${shuffled(values, next).join(', ')}]`);
  return `axes:\n${shuffled([...lines, `  room: { ${shuffled(own, next).join(', ')} }`], next).join('\n')}\n`;
}

test('ids are the same in any order of the axes and their values', () => {
  const reference = ids(axesText(random(0))).toSorted();
  expect(reference).toHaveLength(2 * 2 * 3 * 3 * 3 * 3);
  for (let seed = 1; seed <= 25; seed += 1)
    expect(ids(axesText(random(seed))).toSorted(), `seed ${seed}`).toEqual(reference);
});

test('more axis values, and axes that hold the default, leave the other ids as they are', () => {
  const before = ids('axes: { hpet: [on, off] }\n');
  const more = ids(
    'axes: { hpet: [on, off], smp: [1, 2], pmtimer: [on], memory: [512M], plain: { name: {} } }\n',
  );
  expect(more).toEqual(expect.arrayContaining(before));
  expect(ids('guests: { g: { hpet: off } }\naxes: { guest: [g] }\n')).toEqual(
    ids('defaults: { hpet: off }\n'),
  );
});

test('two definitions of one axis value have two ids', () => {
  const first = ids('axes: { mode: { slow: { smp: 2 } } }\n');
  const second = ids('axes: { mode: { slow: { smp: 3 } } }\n');
  expect(first.filter((one) => second.includes(one))).toEqual([]);
});
