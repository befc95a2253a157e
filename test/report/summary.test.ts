import { expect, test } from 'vitest';
import type { RunEvent } from '../../harness/record/types.ts';
import { renderSummary, SUMMARY_MAX_BYTES } from '../../harness/report/summary.ts';
import { BEGIN, cellOf, finishedOf, SAMPLE } from '../record/sample-run.ts';
import { viewOf } from './streams.ts';

const of = (events: readonly RunEvent[]): string => renderSummary(viewOf(events));
/** All up to the table that is folded away. */
const top = (text: string): string => text.slice(0, text.indexOf('<details>'));

test('it begins with how many cells are not as expected, worst first, and says what it lacks', () => {
  const text = of(SAMPLE);
  expect(text).toMatch(/^## quick: 4 of 6 not as expected\n\n\*\*INTERRUPTED/);
  expect(text).toContain('6 cells: 1 expected, 1 unexpected, 1 flaky, 1 skipped, 2 infra-error');
  const rows = top(text).match(/^\| \*\*.*$/gm) ?? [];
  expect(rows.map((row) => row.split(' | ')[1])).toEqual([
    'mid.hpet-on',
    'new.hpet-on',
    'mid.hpet-off',
    'new.hpet-off',
  ]);
  expect(rows[0]).toMatch(/^\| \*\*unexpected: never\*\* \|/);
  expect(rows[3]).toContain('lost');
  expect(text).toContain('`tscmatrix rerun 20260131-120000-quick mid.hpet-on`');
});

test('what is as expected is only in the folded table', () => {
  const text = of(SAMPLE);
  expect(top(text)).not.toContain('old.hpet-on');
  expect(text.slice(top(text).length)).toContain('<br>refined, TSC +0.4 ppm<br>expected |');
});

test('cells that were skipped for one reason are one line', () => {
  const skipped = SAMPLE.map(
    (event): RunEvent =>
      event.type === 'cell-judged' ? { ...event, outcome: 'skipped', reason: 'no KVM', verdicts: [] } : event,
  );
  const text = top(of(skipped));
  expect(text.match(/skipped: no KVM/g)).toHaveLength(1);
  expect(text).toContain('- 5 skipped: no KVM');
});

test('a run where all is well says so; one where nothing ran does not', () => {
  const well = BEGIN.flatMap((event): RunEvent[] =>
    event.type === 'cell-planned'
      ? [
          event,
          finishedOf(event.cell.id, {}),
          {
            type: 'cell-judged',
            cell: event.cell.id,
            outcome: 'expected',
            reason: 'fine',
            verdicts: ['refined'],
          },
        ]
      : [event],
  );
  expect(of(well)).toMatch(/^## quick: as expected\n/);
  expect(of(well)).not.toContain('Not as expected');
  expect(of(BEGIN)).toMatch(/^## quick: 6 of 6 not as expected\n\n\*\*INCOMPLETE/);
  expect(of([])).toMatch(/^## run: no cells\n/);
});

test('the hosts of a merged run are listed, and a finding says where it was', () => {
  const host = BEGIN.find((event) => event.type === 'host-noted') as Extract<
    RunEvent,
    { type: 'host-noted' }
  >;
  const merged: RunEvent[] = SAMPLE.flatMap((event): RunEvent[] => {
    if (event.type === 'host-noted') return ['east', 'west'].map((label) => ({ ...host, label }));
    return [event.type === 'cell-started' ? { ...event, host: 'west' } : event];
  });
  const text = top(of(merged));
  expect(text).toMatch(/### Hosts\n\n- east: QEMU 7\.2\.22; .*\n- west: QEMU 7\.2\.22, tcg; /);
  expect(text).toMatch(/never, expected refined.*\(on west\)/);
});

test('it stays below the limit: many findings are counted, a table that is too long is left out', () => {
  const many: RunEvent[] = BEGIN.slice(0, 1);
  for (let i = 0; i < 5000; i++) {
    const id = `kernel-with-a-name-${i % 14}.nested.deterministic.number=${i}`;
    const reason = `it is ${i} ${'and so on '.repeat(200)}`;
    many.push({ type: 'cell-planned', cell: cellOf(id, `kernel-with-a-name-${i % 14}`, `${i}`) });
    many.push({ type: 'cell-judged', cell: id, outcome: 'unexpected', reason, verdicts: ['never'] });
  }
  const text = of(many);
  expect(Buffer.byteLength(text)).toBeLessThan(SUMMARY_MAX_BYTES);
  expect(text).toContain('And 4900 more.');
  expect(text).toContain('The table of all 5000 cells is too long for this page');
  expect(text).not.toContain('<details>');
});
