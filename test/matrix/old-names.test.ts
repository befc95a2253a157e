// What a setting was called before works in every place as ever, and is told once for each place.
import { expect, test } from 'vitest';
import { oldSetting } from '../../harness/cli/options.ts';
import { readCellSpec } from '../../harness/lab/cell-spec.ts';
import { parseMatrix } from '../../harness/matrix/load.ts';
import { makePlan } from '../../harness/plan/expand.ts';

const BASE = 'version: 1\nkernels: { k: { image: k } }\n';
const plan = (text: string, filters: readonly string[] = []) =>
  makePlan(parseMatrix(`${BASE}${text}`, '/m/old.yaml'), filters);

test.each([
  'defaults: { KEY: system }',
  'guests: { own: { KEY: system } }\naxes: { guest: [own] }',
  'axes: { KEY: [pinned, system] }',
  'axes: { mode: { a: { KEY: system }, b: {} } }',
  'include: [{ kernel: k, KEY: system }]',
  'axes: { KEY: [pinned, system] }\nexclude: [{ KEY: system }]',
  'axes: { KEY: [pinned, system] }\nexpect: [{ when: { KEY: system }, registration: unstable }]',
])('%s', (text) => {
  const [old, now] = ['qemu', 'emulator'].map((key) => plan(text.replaceAll('KEY', key)));
  const seen = ({ cells }: typeof old & object) =>
    cells.map(({ id, guest, expectation }) => ({ id, guest, expectation }));
  expect(seen(old as never)).toEqual(seen(now as never));
  expect(now?.warnings).toEqual([]);
  const times = text.split('KEY').length - 1;
  const told = old?.warnings?.filter(({ message }) => message.startsWith('qemu is called emulator now'));
  expect(told).toHaveLength(times);
  expect(told?.every(({ path, line }) => path.endsWith('qemu') && line >= 3)).toBe(true);
});

test('ids have what they had', () => {
  expect(plan('defaults: { emulator: system }').cells[0]?.id).toBe('k.tcg.deterministic.qemu=system');
});

test('both names at one place are an error, as any two values of one setting are', () => {
  expect(() => plan('defaults: { qemu: system, emulator: pinned }')).toThrow(
    /qemu is emulator, which is there too/,
  );
});

test('a filter and --cell take it too, and it is told', async () => {
  const axes = 'axes: { emulator: [pinned, system] }';
  expect(plan(axes, ['qemu=system']).cells).toEqual(plan(axes, ['emulator=system']).cells);
  const [old, now] = [
    await readCellSpec('clock=real,qemu=pinned', []),
    await readCellSpec('clock=real,emulator=pinned', []),
  ];
  expect(old).toEqual(now);
  for (const typed of ['qemu=system', 'qemu!=system', 'clock=real,qemu=pinned'])
    expect(oldSetting(typed), typed).toMatch(/^qemu is called emulator now/);
  for (const typed of ['emulator=system', 'cell=k.tcg.qemu=system', 'cpu=max,+invtsc', ''])
    expect(oldSetting(typed), typed).toBeUndefined();
});
