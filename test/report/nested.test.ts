// What reports show of nested guests: counted reads, attempts that were made again, which QEMU ran.
import { expect, test } from 'vitest';
import type { Ending } from '../../harness/guest/ending/ending.ts';
import { streamSink } from '../../harness/host/sink.ts';
import type { RunEvent } from '../../harness/record/types.ts';
import { renderJson } from '../../harness/report/json.ts';
import { linesReporter } from '../../harness/report/live/lines.ts';
import { renderMarkdown } from '../../harness/report/markdown.ts';
import { renderSummary } from '../../harness/report/summary.ts';
import { renderTable } from '../../harness/report/table.ts';
import { BEGIN, finishedOf, SAMPLE, SHA } from '../record/sample-run.ts';
import { MemoryStream, viewOf } from './streams.ts';

const PLAIN = { colour: false, unicode: false, columns: undefined };
const CELL = 'old.hpet-on';
const STALL: Ending = { kind: 'host-fault', code: 'guest-stalled', detail: 'the guest stood still' };
const CRASH: Ending = { kind: 'host-fault', code: 'appliance-crashed', detail: 'it panicked' };

function started(cell: string): RunEvent {
  return {
    type: 'cell-started',
    cell,
    boot: 1,
    at: '2026-01-31T12:00:07.000Z',
    argv: ['/emulator/qemu', '-accel', 'tcg,thread=single'],
    accelerator: 'nested',
    acceleratorReason: 'topology nested was asked for',
    emulator: 'pinned',
    nested: { argv: ['/bin/qemu'], kernelRelease: '6.1.176', qemuVersion: '10.0.13', sha256: SHA },
  };
}
function retried(ending: Ending): RunEvent {
  const at = '2026-01-31T12:00:09.000Z';
  return {
    type: 'cell-retried',
    cell: CELL,
    boot: 1,
    at,
    nonce: '0badcafe',
    ending,
    wallMs: 900,
    cpuMs: 800,
  };
}
const HOST = BEGIN.find((event) => event.type === 'host-noted');
const NESTED: readonly RunEvent[] = [
  ...BEGIN,
  ...(HOST === undefined ? [] : [{ ...HOST, pinnedQemu: { version: '10.0.13', behaviour: SHA } }]),
  started(CELL),
  retried(STALL),
  retried(STALL),
  retried(CRASH),
  finishedOf(CELL, { ppm: 150.4, readCounts: { pm: 70, hpet: 1 } }),
  { type: 'cell-judged', cell: CELL, outcome: 'expected', reason: 'as expected', verdicts: ['refined'] },
  started('mid.hpet-on'),
  { ...finishedOf('mid.hpet-on', { verdict: 'infra-error', current: null, ppm: null }), ending: STALL },
  {
    type: 'cell-judged',
    cell: 'mid.hpet-on',
    outcome: 'infra-error',
    reason: 'guest-stalled: the guest stood still',
    verdicts: ['infra-error'],
  },
];
const AMISS = 'stalls retried: 2, crashes retried: 1; infra-error: guest-stalled 1';

test('a wrong frequency and the counted reads stand in the table', () => {
  const text = renderTable(viewOf(NESTED), PLAIN);
  expect(text).toContain('| refined, TSC +150 ppm ');
  expect(text).toContain('| 71 timer reads ');
  expect(renderMarkdown(viewOf(NESTED))).toContain(
    '<br>refined, TSC +150 ppm<br>71 timer reads<br>expected |',
  );
});

test('boots that read differently show the range', () => {
  const again = { ...finishedOf(CELL, { readCounts: { pm: 26, hpet: 0 } }, 2) };
  expect(renderTable(viewOf([...NESTED, again]), PLAIN)).toContain('26 to 71 timer reads');
});

test('retries and infrastructure faults are counted beside the outcomes', async () => {
  expect(renderTable(viewOf(NESTED), PLAIN)).toContain(`\n${AMISS}\n`);
  expect(renderSummary(viewOf(NESTED))).toContain('; stalls retried: 2, crashes retried: 1; infra-error:');
  const stream = new MemoryStream();
  const reporter = linesReporter(streamSink(stream), () => Date.parse('2026-01-31T12:00:30.000Z'));
  const counts = { expected: 1, unexpected: 0, flaky: 0, skipped: 0, 'infra-error': 1 };
  const at = '2026-01-31T12:00:40.000Z';
  for (const event of NESTED) reporter.event(event);
  reporter.event({ type: 'run-finished', at, interrupted: false, counts, exitCode: 69 });
  await reporter.close?.();
  expect(stream.text).toContain(`retrying ${CELL} boot 1: guest-stalled: the guest stood still (0.9 s)`);
  expect(stream.text).toMatch(new RegExp(`finished: 6 cells: .*; ${AMISS}\n`));
});

test('a run without any says nothing of them', () => {
  expect(renderTable(viewOf(SAMPLE), PLAIN)).not.toContain('retried');
});

test('a boot that begins once more in a resumed run starts its count anew', () => {
  const text = renderTable(viewOf([...NESTED.slice(0, -3), started(CELL)]), PLAIN);
  expect(text).not.toContain('retried');
});

test('which QEMU ran is said, the pinned one apart from the system’s', () => {
  const text = renderTable(viewOf(NESTED), PLAIN);
  expect(text).toContain('pinned QEMU 10.0.13, nested; host AMD EPYC');
  expect(text).not.toContain('QEMU 7.2.22');
  const tcg: RunEvent = {
    type: 'cell-started',
    cell: 'new.hpet-on',
    boot: 1,
    at: '2026-01-31T12:00:08.000Z',
    argv: ['-accel', 'tcg'],
  };
  expect(renderTable(viewOf([...NESTED, tcg]), PLAIN)).toContain(
    'QEMU 7.2.22, tcg; pinned QEMU 10.0.13, nested;',
  );
});

test('JSON has the attempts, the appliance and both QEMUs', () => {
  const document = JSON.parse(renderJson(viewOf(NESTED)));
  expect(document).toMatchObject({
    retries: 3,
    host: { qemuVersion: '7.2.22', pinnedQemu: { version: '10.0.13' } },
  });
  const cell = document.cells.find(({ id }: { id: string }) => id === CELL);
  expect(cell.boots[0]).toMatchObject({
    accelerator: 'nested',
    emulator: 'pinned',
    nested: { kernelRelease: '6.1.176' },
    retried: [{ nonce: '0badcafe', ending: STALL }, { ending: STALL }, { ending: CRASH }],
  });
});

test('a cell whose topology was left open says what it came to, and the reason is told once', async () => {
  const why = 'auto: nested, for KVM is not usable here: nothing was printed';
  const open = NESTED.map((event): RunEvent => {
    if (event.type === 'cell-planned')
      return { ...event, cell: { ...event.cell, guest: { ...event.cell.guest, topology: 'auto' } } };
    return event.type === 'cell-started' ? { ...event, acceleratorReason: why } : event;
  });
  const text = renderTable(viewOf(open), PLAIN);
  expect(text).toContain('| refined on nested, TSC +150 ppm ');
  expect(text).toContain('| on nested ');
  expect(text.split(why)).toHaveLength(2);
  expect(renderMarkdown(viewOf(open))).toContain(
    'refined on nested, TSC +150 ppm<br>71 timer reads<br>expected',
  );
  const stream = new MemoryStream();
  const reporter = linesReporter(streamSink(stream), () => 0);
  for (const event of open) reporter.event(event);
  await reporter.close?.();
  expect(stream.text).toContain(`started ${CELL} boot 1 (${why})`);
  // Where the matrix says the topology, the heading is enough.
  expect(renderTable(viewOf(NESTED), PLAIN)).not.toMatch(/nested, tsc|was asked for/);
});
