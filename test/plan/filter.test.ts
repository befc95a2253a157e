import { expect, test } from 'vitest';
import { UserError } from '../../harness/base/errors.ts';
import { ids, plan } from './helpers.ts';

const BODY = `guests: { g: { memory: 1G } }
axes: { hpet: [on, off], cpu: [max, "max,-x2apic"], lat: { slow: { append: x }, fast: {} } }
include: [{ kernel: a, guest: g }, { kernel: a, smp: 2 }]
`;

test.each([
  [['kernel=a', 'hpet=off'], 4],
  [['kernel=a', 'kernel=b'], 0],
  [['kernel=a,b'], 18],
  [['kernel!=a'], 8],
  [['kernel=?', 'lat=s*'], 8],
  [['hpet=no'], 8],
  [['smp=2'], 1],
  [['smp!=1'], 1],
  [['memory=1G'], 1],
  [['guest=g'], 1],
  [['guest!=g'], 17],
  [['cpu=max,-x2apic'], 8],
  [['cpu=max'], 10],
  [['cell=a.tcg.deterministic'], 1],
  [['cell=*.append=x*'], 8],
  [['cell!=*hpet=off*', 'kernel=b'], 4],
])('--filter %j leaves %i cells', (filters, count) => {
  if (count === 0) expect(() => plan(BODY, ...filters)).toThrow('no cell is left');
  else expect(ids(BODY, ...filters)).toHaveLength(count);
});

test('a cell can be named by its whole id, commas and all', () => {
  for (const id of ids(BODY)) expect(ids(BODY, `cell=${id}`)).toEqual([id]);
});

test.each([
  ['hpte=off', 'there is no axis "hpte"', 'did you mean hpet?'],
  ['toString=x', 'there is no axis "toString"', 'known: kernel'],
  ['hpet=maybe', '"maybe" is no hpet', 'known: on, off'],
  ['kernel=a,c', '"c" is no kernel', 'known: a, b'],
  ['kernel=x*', '"x*" matches no kernel', 'known: a, b'],
  ['lat!=slo', '"slo" is no lat', 'did you mean slow?'],
  ['smp=4', '"4" is no smp', 'known: 1, 2'],
  ['cell=a.tcg.determinstic', 'is no cell', 'did you mean'],
  ['kernel', 'not of the form AXIS=VALUE', 'for example'],
  ['=a', 'not of the form AXIS=VALUE', 'for example'],
  ['kernel=', '"" is no kernel', 'known: a, b'],
])('--filter %s is refused with a hint', (filter, message, hint) => {
  let thrown: unknown;
  try {
    plan(BODY, filter);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UserError);
  expect(thrown).toMatchObject({
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });
});
