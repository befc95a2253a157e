/** One JSON document about a run; its form is described in docs/record.md. */

import { json } from '../base/safe-text.ts';
import { countOutcomes, type RunView, resultOf } from '../record/run-view.ts';
import type { HostNoted } from '../record/types.ts';
import { labelOf } from './grid.ts';
import { acceleratorOf } from './machines.ts';

/** Raised when a program that reads the previous version could misread a document. */
const JSON_REPORT_VERSION = 1;

export function renderJson(view: RunView): string {
  return `${json(documentOf(view))}\n`;
}

function documentOf(view: RunView): unknown {
  const cells = [...view.cells.values()];
  return {
    version: JSON_REPORT_VERSION,
    run: view.started?.run ?? null,
    startedAt: view.started?.at ?? null,
    finishedAt: view.finished?.at ?? null,
    /** False: the record ends before the run did, or it was interrupted. */
    complete: view.finished !== null && !view.finished.interrupted,
    exitCode: view.finished?.exitCode ?? null,
    matrix: view.started?.matrix ?? null,
    options: view.started?.options ?? null,
    counts: countOutcomes(cells),
    retries: cells.reduce(
      (sum, { boots }) => sum + boots.reduce((n, { retried }) => n + retried.length, 0),
      0,
    ),
    host: view.host === null ? null : hostOf(view.host),
    ...(view.merged === null
      ? {}
      : {
          parts: view.merged.parts,
          hosts: [...view.hosts].map(([label, host]) => ({ label, ...hostOf(host) })),
        }),
    kernels: [...view.kernels].map(([name, { ready, failed }]) => ({
      name,
      release: ready?.release ?? null,
      sha256: ready?.sha256 ?? null,
      origin: ready?.origin ?? null,
      path: ready?.path ?? null,
      failure: failed === null ? null : failed.message,
    })),
    cells: cells.map((cell) => ({
      id: cell.cell.id,
      kernel: cell.cell.kernel,
      row: labelOf(cell.cell),
      axes: cell.cell.axes,
      guest: cell.cell.guest,
      expectation: cell.cell.expectation,
      ...resultOf(cell),
      verdicts: cell.judged?.verdicts ?? [],
      ...(cell.judged?.known === undefined ? {} : { known: cell.judged.known }),
      // Of a merged record alone: if several hosts ran the cell, what each said.
      ...(cell.judged?.hosts === undefined ? {} : { hosts: cell.judged.hosts }),
      boots: cell.boots.map(({ boot, started, retried, finished }) => ({
        boot,
        accelerator: acceleratorOf(started),
        acceleratorReason: started?.acceleratorReason ?? null,
        emulator: started?.emulator ?? null,
        nested: started?.nested ?? null,
        retried: retried.map(({ nonce, ending, wallMs, cpuMs }) => ({ nonce, ending, wallMs, cpuMs })),
        wallMs: finished?.wallMs ?? null,
        cpuMs: finished?.cpuMs ?? null,
        ending: finished?.ending ?? null,
        observation: finished?.observation ?? null,
        transcriptSha256: finished?.transcriptSha256 ?? null,
        folder: finished?.folder ?? null,
        ...(finished?.host === undefined ? {} : { host: finished.host }),
      })),
    })),
  };
}

function hostOf({
  tscmatrix,
  node,
  qemuVersion,
  qemuSha256,
  cpu,
  kernel,
  hypervisor,
  clocksource,
  pinnedQemu,
}: HostNoted) {
  const pinned = pinnedQemu ?? null;
  return {
    tscmatrix,
    node,
    qemuVersion,
    qemuSha256,
    pinnedQemu: pinned,
    cpu,
    kernel,
    hypervisor,
    clocksource,
  };
}
