import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseMatrix } from '../../harness/matrix/load.ts';
import { DEFAULT_GUEST, SETTING_NAMES, SETTINGS, settingText } from '../../harness/matrix/settings.ts';
import { makePlan } from '../../harness/plan/expand.ts';

const text = await readFile(new URL('../../docs/matrix.md', import.meta.url), 'utf8');

test('the example of docs/matrix.md is a sound matrix', () => {
  const example = /```yaml\n(version: 1\n[\s\S]*?)```/.exec(text)?.[1] ?? '';
  const plan = makePlan(parseMatrix(example, '/m/example.yaml'));
  expect(plan.cells).toHaveLength(7);
  expect(plan.warnings).toEqual([]);
});

test('docs/matrix.md names every setting with its default', () => {
  for (const name of SETTING_NAMES) {
    const row = text
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}\` |`) && line.split('|').length === 5);
    const value = settingText(DEFAULT_GUEST[SETTINGS[name].field]);
    const shown = { 'pc-i440fx-7.2': 'pc', '': 'none' }[value] ?? value;
    expect(row?.split('|')[3]?.replaceAll('`', '').trim(), name).toBe(shown);
  }
});
