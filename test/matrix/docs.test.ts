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

const SHOWN: Readonly<Record<string, string>> = { 'pc-i440fx-7.2': 'pc', '': 'none' };

test('the settings of docs/matrix.md are the rows: their names, what they are, their defaults', () => {
  const table = text.slice(text.indexOf('## Guest settings')).split('\n\n')[2] ?? '';
  const lines = table.split('\n').slice(2);
  expect(lines.map((line) => line.replaceAll('`', ''))).toEqual(
    SETTING_NAMES.map((name) => {
      const { schema, field } = SETTINGS[name];
      const value = name === 'tsc-frequency' ? 'by clock' : settingText(DEFAULT_GUEST[field]);
      const more = text.includes(`\n### ${name}\n`) ? ` See [below](#${name}).` : '';
      return `| ${name} | ${schema.description}${more} | ${SHOWN[value] ?? value} |`;
    }),
  );
});
