/**
 * Pure. A record without what differs from run to run of the same inputs on the same host: name, dates, wall and CPU
 * times, how often it was cut off; in real time also what was measured. Two such runs are deeply equal.
 */
import type { Ending } from '../../harness/guest/ending/ending.ts';
import type { Provenance } from '../../harness/record/provenance/provenance-types.ts';
import type { RunRecord } from '../../harness/record/reader.ts';
import { type BootView, type CellView, resultOf } from '../../harness/record/run-view.ts';
import type { Observation } from '../../harness/verdict/types.ts';

/** What a guest in real time shows that is no measurement. */
function settled({ verdict, current, available, diagnosis, differences }: Observation): unknown {
  const { registration, cause } = diagnosis ?? { registration: null, cause: null };
  return { verdict, current, available, registration, cause, differences };
}

function endingOf(ending: Ending): unknown {
  return 'wallMs' in ending ? { ...ending, wallMs: null } : ending;
}

function bootOf({ boot, started, finished }: BootView, real: boolean): unknown {
  if (finished === null) return { boot, argv: started?.argv ?? null, finished: null };
  const { ending, observation, transcriptSha256 = null, folder } = finished;
  return {
    boot,
    argv: started?.argv ?? null,
    ending: endingOf(ending),
    observation: real ? settled(observation) : observation,
    transcriptSha256: real ? transcriptSha256 !== null : transcriptSha256,
    folder,
  };
}

function cellOf(view: CellView): unknown {
  const real = view.cell.guest.clock === 'real';
  const { outcome, reason, lost } = resultOf(view);
  return {
    cell: view.cell,
    boots: view.boots.map((boot) => bootOf(boot, real)),
    result: { outcome, lost, reason: real ? null : reason },
    verdicts: view.judged?.verdicts ?? null,
  };
}

function provenanceOf(provenance: Provenance | null): unknown {
  if (provenance === null) return null;
  const { at: _, host, ...rest } = provenance;
  const { load: __, memoryFreeMiB: ___, tscKhz: ____, ...lasting } = host;
  const kernels = rest.kernels.map(({ cached: _____, ...kernel }) => kernel);
  return { ...rest, kernels, host: lasting };
}

export function normalise(record: RunRecord): unknown {
  const { version, view, provenance, problems, unknown } = record;
  const { started, host, finished, merged } = view;
  const { jobs: _, ...options } = started?.options ?? { jobs: 0 };
  const place = <T extends object>(event: T): object => ({ ...event, at: null, seq: null, cached: null });
  return {
    version,
    matrix: started?.matrix,
    options,
    shard: started?.shard ?? null,
    label: started?.label ?? null,
    host: host === null ? null : place(host),
    parts: merged?.parts.length ?? 0,
    kernels: [...view.kernels].map(([name, { ready, failed }]) => ({
      name,
      ready: ready && place(ready),
      failed: failed && place(failed),
    })),
    cells: [...view.cells.values()].map(cellOf),
    end: finished && {
      interrupted: finished.interrupted,
      counts: finished.counts,
      exitCode: finished.exitCode,
    },
    provenance: provenanceOf(provenance),
    problems,
    unknown: unknown.map(({ type }) => type),
  };
}
