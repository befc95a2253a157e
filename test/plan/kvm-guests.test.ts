// Topologies, personalities, delays and emulators in plans: ids, conditions, filters, and what cannot be.
import { expect, test } from 'vitest';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { cellId, rowOf } from '../../harness/plan/cell-id.ts';
import { cell, complaints, ids, plan } from './helpers.ts';

function id(changes: Partial<GuestSpec>): string {
  return cellId('a', { ...DEFAULT_GUEST, ...changes });
}

test('an id names a personality, a delay and an emulator where they differ from what the topology gives', () => {
  const refDelay = { pmNs: 10_000, hpetNs: 5500, disturbance: { kind: 'every', every: 7, ns: 1 } } as const;
  expect(id({ topology: 'nested', refDelay, personality: 'xen', qemu: 'system' })).toBe(
    'a.nested.deterministic.personality=xen.qemu=system.refdelay=pm10us,hpet5.5us,every7+1ns',
  );
  expect(id({ topology: 'nested', personality: 'kvm', qemu: 'pinned' })).toBe('a.nested.deterministic');
  expect(id({ qemu: 'pinned' })).toBe('a.tcg.deterministic');
  expect(id({ qemu: 'system' })).toBe('a.tcg.deterministic.qemu=system');
  expect(id({ clock: 'real', qemu: 'system' })).toBe('a.tcg.real');
  expect(id({ topology: 'auto', qemu: 'pinned' })).toBe('a.auto.deterministic');
  // What the host will make of auto is not known, and an id must not depend on it.
  expect(id({ topology: 'auto', clock: 'real', qemu: 'pinned' })).toBe('a.auto.real.qemu=pinned');
  expect(id({ topology: 'auto', clock: 'real', qemu: 'system' })).toBe('a.auto.real.qemu=system');
});

test('a setting that asks for what the topology gives is the same cell as one that leaves it open', () => {
  const body =
    'axes: { kernel: [a], topology: [nested] }\ninclude: [{ personality: kvm, topology: nested }]\n';
  const { cells, warnings } = plan(body);
  expect(cells.map(({ guest }) => [guest.personality, guest.qemu])).toEqual([[null, null]]);
  expect(warnings).toMatchObject([{ message: expect.stringContaining('come up more than once') }]);
  expect(cells.map(rowOf)).toEqual(['topology=nested']);
});

const STORY = `defaults: { topology: nested }
axes: { kernel: [a], personality: [kvm, xen], ref-delay: [0, 10us, { pm: 10us, every: 7, longer: 1ms }] }
include: [{ topology: tcg, clock: real }]
expect:
  - { when: { personality: kvm }, registration: refined }
  - { when: { personality: kvm, ref-delay: { not: 0 } }, registration: never, reads: { min: 80 } }
  - { when: { ref-delay: "pm10us,every*" }, accuracy-ppm: { min: 50 } }
  - { when: { qemu: system }, registration: unstable }
`;

test('conditions see what the topology makes of a setting that is left open', () => {
  expect(cell(STORY, 'a.nested.deterministic').expectation).toMatchObject({ registration: ['refined'] });
  expect(cell(STORY, 'a.nested.deterministic.refdelay=10us').expectation).toEqual({
    registration: ['never'],
    reads: { min: 80 },
    from: ['expect[0]', 'expect[1]'],
  });
  expect(
    cell(STORY, 'a.nested.deterministic.personality=xen.refdelay=pm10us,every7+1ms').expectation,
  ).toMatchObject({ offByPpm: 50, from: ['expect[2]', 'default'] });
  expect(cell(STORY, 'a.tcg.real').expectation.from).toEqual(['expect[3]']);
});

test.each([
  ['personality=kvm', 3],
  ['personality=xen', 3],
  ['personality=tcg', 1],
  ['ref-delay=0', 3],
  ['ref-delay=10000', 2],
  ['ref-delay!=0', 4],
  ['ref-delay=every7+1000us,pm10us', 2],
  ['ref-delay=*every*', 2],
  ['qemu=pinned', 6],
  ['topology=nested', 6],
])('--filter %s keeps %i cells', (filter, count) => {
  expect(ids(STORY, filter)).toHaveLength(count);
});

test('deterministic time and the CPU model host are possible nested, and both under auto', () => {
  expect(
    ids(
      'defaults: { cpu: host }\naxes: { kernel: [a], topology: [nested, auto], clock: [deterministic, real] }\n',
    ),
  ).toEqual([
    'a.nested.deterministic.cpu=host',
    'a.nested.real.cpu=host',
    'a.auto.deterministic.cpu=host',
    'a.auto.real.cpu=host',
  ]);
});

test('a personality or a delay under tcg is impossible, and all of it is said at once', () => {
  expect(
    complaints('axes:\n  topology: [tcg, nested]\n  personality: [xen]\n  ref-delay: [0, 5us]\n'),
  ).toEqual([
    '4 axes.topology[0]: topology tcg with personality xen is impossible: only a KVM guest has a personality (leave it out: exclude: [{ topology: tcg, personality: xen }])',
    '4 axes.topology[0]: topology tcg with ref-delay 5us is impossible: what is delayed is an exit to the hypervisor, and an emulated CPU has none (leave it out: exclude: [{ topology: tcg, ref-delay: 5us }])',
  ]);
  expect(complaints('include: [{ personality: kvm }]\n')).toEqual([
    expect.stringContaining('(set topology: nested or kvm, or leave the personality out)'),
  ]);
});

test('two axes that set a delay clash by its meaning, not by how it is written', () => {
  const body = (other: string) =>
    `defaults: { topology: nested }\naxes:\n  kernel: [a]\n  speed: { slow: { ref-delay: ${other} } }\n  ref-delay: [10us]\n`;
  expect(ids(body('{ pm: 10us, hpet: 10us }'))).toEqual(['a.nested.deterministic.refdelay=10us']);
  expect(complaints(body('11us'))).toEqual([
    expect.stringContaining('speed slow sets ref-delay to "11us", ref-delay 10us to "10us"'),
  ]);
});

test('one rule decides both bounds of the accuracy', () => {
  const body = 'axes: { kernel: [a] }\nexpect:\n  - { accuracy-ppm: 5 }\n  - { accuracy-ppm: { min: 50 } }\n';
  const { expectation } = cell(body, 'a.tcg.deterministic');
  expect(expectation).toMatchObject({ offByPpm: 50 });
  expect(expectation).not.toHaveProperty('accuracyPpm');
  expect(
    cell('expect: [{ accuracy-ppm: { min: 50, max: 200 } }]\n', 'a.tcg.deterministic').expectation,
  ).toMatchObject({ offByPpm: 50, accuracyPpm: 200 });
});

test('counted reads cannot be expected where nothing counts them', () => {
  const body =
    'axes: { topology: [tcg, nested] }\nexpect:\n  - { registration: refined }\n  - { reads: { min: 5 } }\n';
  expect(complaints(body)).toEqual([
    '6 expect[1]: expects counted reads of cells under tcg: they are counted where a KVM guest exits, and an emulated CPU does not (add when: { topology: { not: tcg } })',
  ]);
});
