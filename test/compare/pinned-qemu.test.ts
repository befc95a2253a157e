// A cell that ran on the pinned QEMU rests on that one: a new system QEMU is no difference, another pinned one is.
import { expect, test } from 'vitest';
import { compareInputs, inputsOf } from '../../harness/compare/inputs.ts';
import type { ComparedRun } from '../../harness/compare/places.ts';
import { pinnedQemuFacts } from '../../harness/compare/run-inputs.ts';
import type { HostNoted, RunEvent } from '../../harness/record/types.ts';
import { BEGIN, cellOf, SHA } from '../record/sample-run.ts';
import { viewOf } from '../report/streams.ts';

const CELL = 'old.hpet-on';
const HOST = BEGIN.find((event) => event.type === 'host-noted') as HostNoted;

function runOn(emulator: 'pinned' | 'system', host: Partial<HostNoted>): ComparedRun {
  const at = '2026-01-31T12:00:07.000Z';
  const started: RunEvent = { type: 'cell-started', cell: CELL, boot: 1, at, argv: ['qemu'], emulator };
  const planned: RunEvent = { type: 'cell-planned', cell: cellOf(CELL, 'old', 'on') };
  const view = viewOf([...BEGIN, planned, { ...HOST, ...host }, started]);
  return { view, provenance: null } as unknown as ComparedRun;
}

function differences(before: ComparedRun, after: ComparedRun): string[] {
  const facts = [before, after].map((run) => {
    const cell = run.view.cells.get(CELL);
    if (cell === undefined) throw new Error('no cell');
    return inputsOf(run, cell);
  });
  return compareInputs(facts[0] ?? [], facts[1] ?? []).differences.map(
    ({ what, before, after }) => `${what}: ${before} -> ${after}`,
  );
}

const PINNED = { version: '10.0.13', behaviour: SHA };

test('another QEMU of the system is no input of a cell on the pinned one, and is one of all others', () => {
  const [old, now] = [{ pinnedQemu: PINNED }, { pinnedQemu: PINNED, qemuVersion: '10.0.2', qemuSha256: 'b' }];
  expect(differences(runOn('pinned', old), runOn('pinned', now))).toEqual([]);
  expect(differences(runOn('system', old), runOn('system', now))).toEqual(['version: 7.2.22 -> 10.0.2']);
});

test('another version, and other patches of the same version, are seen', () => {
  const newer = { pinnedQemu: { version: '10.0.14', behaviour: 'cd'.repeat(32) } };
  const patched = { pinnedQemu: { version: '10.0.13', behaviour: 'cd'.repeat(32) } };
  const before = runOn('pinned', { pinnedQemu: PINNED });
  expect(differences(before, runOn('pinned', newer))).toEqual([
    'version: 10.0.13, pinned -> 10.0.14, pinned',
  ]);
  expect(differences(before, runOn('pinned', patched))).toEqual([
    'behaviour: sha256 abababababab -> sha256 cdcdcdcdcdcd',
  ]);
});

test('the same cell on the other QEMU is another input', () => {
  const host = { pinnedQemu: PINNED };
  expect(differences(runOn('system', host), runOn('pinned', host))).toContain(
    'version: 7.2.22 -> 10.0.13, pinned',
  );
});

test('a record that does not name the pinned QEMU leaves it unknown', () => {
  const facts = pinnedQemuFacts({ provenance: null, noted: HOST });
  expect(facts.map(({ value }) => value)).toEqual([null, null]);
});
