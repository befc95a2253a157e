/** The appliance asks the guest's QEMU for us; what comes back may be short, mixed up or refused. */
import { describe, expect, test } from 'vitest';
import { gatherAppliance } from '../../harness/evidence/appliance.ts';
import { machineFactsFrom, machineQuestions } from '../../harness/guest/machine/machine-questions.ts';
import { APPLIANCE_NONCE, capture } from '../evidence/nested-capture.ts';

const CPU = 'EPYC,+invtsc,-x2apic';

/** As QEMU 10 answers; the ids are those of the questions. */
const ANSWERS: readonly Record<string, unknown>[] = [
  { return: {}, id: 0 },
  { return: { qemu: { major: 10, minor: 0, micro: 13 }, package: 'tscmatrix' }, id: 1 },
  { return: { enabled: true, present: true }, id: 2 },
  { return: 'pc-i440fx-7.2-machine', id: 3 },
  { return: false, id: 4 },
  { return: [{ 'cpu-index': 0, 'qom-path': '/machine/unattached/device[0]', target: 'x86_64' }], id: 5 },
  { return: true, id: 6 },
  { return: false, id: 7 },
];
const FACTS = {
  qemuVersion: '10.0.13',
  accelerator: 'kvm',
  machine: 'pc-i440fx-7.2',
  hpet: false,
  vcpus: 1,
  cpuFlags: { invtsc: true, x2apic: false },
};
const without = (id: number) => ANSWERS.filter((answer) => answer.id !== id);
const replaced = (id: number, answer: Record<string, unknown>) => [...without(id), { ...answer, id }];

test('each question has its place as id, and one line', () => {
  const lines = machineQuestions(CPU);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { execute: 'qmp_capabilities', id: 0 },
    { execute: 'query-version', id: 1 },
    { execute: 'query-kvm', id: 2 },
    { execute: 'qom-get', arguments: { path: '/machine', property: 'type' }, id: 3 },
    { execute: 'qom-get', arguments: { path: '/machine', property: 'hpet' }, id: 4 },
    { execute: 'query-cpus-fast', id: 5 },
    { execute: 'qom-get', arguments: { path: '/machine/unattached/device[0]', property: 'invtsc' }, id: 6 },
    { execute: 'qom-get', arguments: { path: '/machine/unattached/device[0]', property: 'x2apic' }, id: 7 },
  ]);
  expect(lines.join('')).not.toContain('\n');
});

describe('the answers', () => {
  test('that are all there make the facts', () => {
    expect(machineFactsFrom(ANSWERS, CPU)).toEqual(FACTS);
  });

  test('may come in any order, among greetings and events', () => {
    const noise = [{ QMP: { version: {}, capabilities: [] } }, { event: 'SHUTDOWN', data: { guest: true } }];
    const junk = [null, 'text', 7, [], { id: '1', return: {} }, { return: { qemu: {} } }];
    expect(machineFactsFrom([...noise, ...ANSWERS.toReversed(), ...junk], CPU)).toEqual(FACTS);
  });

  test.each([1, 2, 3, 4, 5])('a machine whose answer %i is missing has not been checked', (id) => {
    expect(machineFactsFrom(without(id), CPU)).toBeNull();
  });

  test.each([1, 2, 3, 4, 5])('nor one that refused question %i', (id) => {
    const refused = { error: { class: 'GenericError', desc: "Property 'x.hpet' not found" } };
    expect(machineFactsFrom(replaced(id, refused), CPU)).toBeNull();
  });

  test.each([
    [1, { qemu: null }],
    [1, 'no'],
    [3, 7],
    [5, null],
    [5, {}],
    [5, []],
  ])('nor one whose answer %i is of another kind: %j', (id, value) => {
    expect(machineFactsFrom(replaced(id, { return: value }), CPU)).toBeNull();
  });

  test('nor one whose first CPU is elsewhere: the flags were asked of something else', () => {
    const cpus = [{ 'qom-path': '/machine/peripheral/cpu0' }];
    expect(machineFactsFrom(replaced(5, { return: cpus }), CPU)).toBeNull();
  });

  test('a flag that QEMU does not have is not told, rather than told as off', () => {
    const unknown = { error: { class: 'GenericError', desc: 'Property not found' } };
    expect(machineFactsFrom(replaced(6, unknown), CPU)?.cpuFlags).toEqual({ x2apic: false });
    expect(machineFactsFrom(without(7), CPU)?.cpuFlags).toEqual({ invtsc: true });
  });

  test('emulation is told as such', () => {
    const emulated = replaced(2, { return: { enabled: false, present: false } });
    expect(machineFactsFrom(emulated, CPU)?.accelerator).toBe('tcg');
  });
});

test('a real QEMU that answered other questions than ours has not been checked', () => {
  const { qmp } = gatherAppliance(capture('stock.appliance'), APPLIANCE_NONCE);
  expect(
    machineFactsFrom(
      qmp.map(({ value }) => value),
      'max',
    ),
  ).toBeNull();
});
