import { Parser } from 'tap-parser';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../harness/record/types.ts';
import { renderGithub } from '../../harness/report/github.ts';
import { renderJson } from '../../harness/report/json.ts';
import { renderTap } from '../../harness/report/tap.ts';
import { BEGIN, HOSTILE, SAMPLE, SHA } from '../record/sample-run.ts';
import { CONTROL, viewOf } from './streams.ts';

function parseTap(text: string) {
  const parser = new Parser({ strict: true });
  const points: { ok: boolean; name: string; skip?: boolean | string; diag?: unknown }[] = [];
  parser.on('assert', (point) => points.push(point));
  let results:
    | { ok: boolean; count: number; plan: { start: number | null; end: number | null }; failures: unknown[] }
    | undefined;
  parser.on('complete', (final) => {
    results = final;
  });
  parser.end(text);
  return { points, results };
}

test('a TAP parser reads what was meant', () => {
  const { points, results } = parseTap(renderTap(viewOf(SAMPLE)));
  expect(results).toMatchObject({ ok: false, count: 6, plan: { start: 1, end: 6 } });
  expect(points.map((point) => point.ok)).toEqual([true, false, false, true, false, false]);
  expect(points[3]).toMatchObject({ name: 'old hpet=off', skip: 'KVM was asked for and is not usable here' });
  expect(points[1]?.skip).toBeFalsy();
  expect(points[1]?.diag).toEqual({
    outcome: 'unexpected',
    message:
      'never, expected refined; the guest says red ]]></failure> | a * b `c` @root # SKIP \\ \\x9b2J \\x00 end',
    cell: 'mid.hpet-on',
    boots: ['boot 1: never, hpet'],
  });
});

test('nothing in a name or reason acts on TAP', () => {
  const events = SAMPLE.map((event) =>
    event.type === 'cell-planned'
      ? { ...event, cell: { ...event.cell, axes: { append: `# TODO ${HOSTILE}\nok 99` } } }
      : event,
  );
  const { points, results } = parseTap(renderTap(viewOf(events)));
  expect(results).toMatchObject({ count: 6, failures: expect.objectContaining({ length: 4 }) });
  expect(points[0]?.name).toContain('append="# TODO ');
  expect(points.filter((point) => point.skip)).toHaveLength(1);
});

test('TAP of a run without cells', () => {
  expect(parseTap(renderTap(viewOf(BEGIN.slice(0, 1)))).results).toMatchObject({ ok: true, count: 0 });
});

test('annotations stand at the lines of the matrix, escaped as the toolkit of GitHub does it', () => {
  const at = (id: string, line: number) => (event: RunEvent) =>
    event.type === 'cell-planned' && event.cell.id === id
      ? { ...event, cell: { ...event.cell, line } }
      : event.type === 'run-started'
        ? { ...event, matrix: { ...event.matrix, path: '/w/100%, a:b.yaml' } }
        : event;
  const lines = renderGithub(viewOf(SAMPLE.map(at('mid.hpet-on', 12)))).split('\n');
  expect(lines).toHaveLength(5);
  expect(lines[0]).toBe(
    '::error file=/w/100%25%2C a%3Ab.yaml,line=12,title=1 cell unexpected::mid.hpet-on: never, expected refined; ' +
      'the guest says red ]]></failure> | a * b `c` @root # SKIP \\ \\x9b2J \\x00 end',
  );
  expect(lines[1]).toMatch(/^::error file=[^,]*,title=1 cell flaky::new\.hpet-on: /);
  expect(lines[2]).toMatch(/^::notice .*::old\.hpet-off: KVM was asked for/);
  // Cells without a line have one annotation for each outcome, their reasons a line each.
  expect(lines[3]).toMatch(/^::warning file=[^,]*,title=2 cells infra-error::mid[^%]*%0Anew[^%]*$/);
  const apart = renderGithub(viewOf(SAMPLE.map(at('new.hpet-off', 13))));
  expect(apart.match(/^::warning .*/gm)).toEqual([
    expect.stringContaining('title=1 cell infra-error::mid'),
    expect.stringContaining(',line=13,title=1 cell infra-error::new'),
  ]);
  expect(renderGithub(viewOf(BEGIN.slice(0, 1)))).toBe('');
});

test('JSON is one document with every cell, and holds no raw control character', () => {
  const text = renderJson(viewOf(SAMPLE));
  expect(text).not.toMatch(CONTROL);
  const document = JSON.parse(text);
  expect(document).toMatchObject({
    version: 1,
    run: '20260131-120000-quick',
    complete: false,
    exitCode: 130,
    counts: { expected: 1, unexpected: 1, flaky: 1, skipped: 1, 'infra-error': 2 },
    host: { qemuVersion: '7.2.22' },
  });
  expect(document.kernels.map((kernel: { name: string }) => kernel.name)).toEqual(['old', 'mid', 'new']);
  expect(document.cells).toHaveLength(6);
  expect(document.cells[1]).toMatchObject({
    id: 'mid.hpet-on',
    row: 'hpet=on',
    outcome: 'unexpected',
    lost: false,
    boots: [{ boot: 1, accelerator: 'tcg', transcriptSha256: SHA, observation: { verdict: 'never' } }],
  });
  expect(document.cells[1].reason).toContain(HOSTILE);
  expect(document.cells[5]).toMatchObject({ lost: true, boots: [{ ending: null }] });
});
