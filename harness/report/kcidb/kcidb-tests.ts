/** Cells of a run as KCIDB tests. */
import { furthest } from '../../base/figures.ts';
import type { BootView, CellView, RunView } from '../../record/run-view.ts';
import { resultOf } from '../../record/run-view.ts';
import type { CellFinished } from '../../record/types.ts';
import { acceleratorsOf, hostText } from '../machines.ts';
import { excerptOf } from './kcidb-excerpt.ts';
import type { KcidbOptions, KcidbResource, KcidbStatus, KcidbTest } from './kcidb-types.ts';

/** Files of a boot besides its console, as docs/record.md names them. */
const OUTPUT_FILES = ['evidence.json', 'boot.json', 'command.sh', 'qemu-stderr.log'];

/** `dir` is the run's folder, for excerpts of consoles; null if it is not known. */
export async function testOf(
  cell: CellView,
  view: RunView,
  buildId: string,
  dir: string | null,
  { origin, filesUrl }: KcidbOptions,
): Promise<KcidbTest> {
  const { outcome, reason, lost } = resultOf(cell);
  const finished = cell.boots.flatMap((boot) => (boot.finished === null ? [] : [boot.finished]));
  const telling = tellingBoot(cell, finished);
  const started = cell.boots[0]?.started?.at;
  const excerpt = telling === undefined ? '' : await excerptOf(dir, telling);
  const ppm = furthest(finished.map(({ observation }) => observation.ppm));
  const files = telling === undefined || filesUrl === null ? null : filesOf(filesUrl, telling.folder);
  return {
    id: `${origin}:${view.started?.run ?? ''}:${cell.cell.id}`,
    build_id: buildId,
    origin,
    path: pathOf(cell),
    comment: reason,
    status: statusOf(cell),
    ...(ppm === null ? {} : { number: { value: ppm, unit: 'ppm' } }),
    ...(started === undefined ? {} : { start_time: started }),
    ...(finished.length === 0 ? {} : { duration: finished.reduce((sum, one) => sum + one.wallMs, 0) / 1000 }),
    environment: environmentOf(cell, view),
    ...(excerpt === '' ? {} : { log_excerpt: excerpt }),
    ...(files ?? {}),
    misc: {
      cell: cell.cell.id,
      kernel: cell.cell.kernel,
      axes: cell.cell.axes,
      outcome,
      ...(lost ? { lost } : {}),
      expected: cell.cell.expectation.registration,
      boots: cell.boots.map(bootMisc),
    },
  };
}

/**
 * What KCIDB's words mean: FAIL, the kernel was found wanting; ERROR, the probe did not complete, so nothing is known
 * of the kernel; MISS, this side failed before there was a result; SKIP, the cell does not apply to this host.
 */
export function statusOf(cell: CellView): KcidbStatus {
  const { outcome } = resultOf(cell);
  const verdicts = cell.judged?.verdicts ?? [];
  // Its build says FAIL; the guest never was.
  if (verdicts.includes('build-failed')) return outcome === 'expected' ? 'SKIP' : 'MISS';
  switch (outcome) {
    case 'expected':
      return 'PASS';
    case 'flaky':
      return 'FAIL';
    case 'unexpected':
      return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'no-evidence') ? 'ERROR' : 'FAIL';
    case 'skipped':
      return 'SKIP';
    case 'infra-error':
      return 'MISS';
  }
}

/** The guest, without the kernel, so that a test has one path over all kernels: "tscmatrix.tcg.real.hpet_off". */
export function pathOf({ cell }: CellView): string {
  const guest = cell.id.startsWith(`${cell.kernel}.`) ? cell.id.slice(cell.kernel.length + 1) : cell.id;
  const nodes = guest.split('.').map((node) => node.replaceAll(/[^A-Za-z0-9_-]/g, '_'));
  return ['tscmatrix', ...nodes].filter((node) => node !== '').join('.');
}

/** The boot that decided: the first that is not as the expectation wants it, else the first. */
function tellingBoot({ cell }: CellView, finished: readonly CellFinished[]): CellFinished | undefined {
  const wanted: readonly string[] = cell.expectation.registration;
  return finished.find((boot) => !wanted.includes(boot.observation.verdict)) ?? finished[0];
}

function environmentOf(cell: CellView, view: RunView): KcidbTest['environment'] {
  const accelerators = acceleratorsOf(cell.boots);
  // If several hosts ran the cell, the one of the first boot; each boot has its own below.
  const label = cell.boots.find(({ started }) => started?.host !== undefined)?.started?.host;
  const host = (label === undefined ? undefined : view.hosts.get(label)) ?? view.host;
  return {
    ...(host === null ? {} : { comment: hostText(host, cell.boots) }),
    misc: {
      guest: cell.cell.guest,
      accelerators,
      host_label: label,
      ...(host === null
        ? {}
        : {
            host: {
              cpu: host.cpu,
              kernel: host.kernel,
              hypervisor: host.hypervisor,
              clocksource: host.clocksource,
            },
            qemu: { version: host.qemuVersion, sha256: host.qemuSha256 },
            pinned_qemu: host.pinnedQemu,
            tscmatrix: host.tscmatrix,
          }),
    },
  };
}

/** What is null or undefined here is left out of the document. */
function bootMisc({ boot, finished }: BootView): Readonly<Record<string, unknown>> {
  if (finished === null) return { boot, finished: false };
  const { observation } = finished;
  return {
    boot,
    verdict: observation.verdict,
    ending: finished.ending.kind,
    registration: observation.diagnosis?.registration,
    cause: observation.diagnosis?.cause,
    confidence: observation.diagnosis?.confidence,
    summary: observation.diagnosis?.summary,
    current: observation.current,
    available: observation.available,
    kernel_khz: observation.kernelKhz,
    true_khz: observation.trueKhz,
    true_khz_from: observation.trueKhzFrom,
    told_khz: observation.toldKhz,
    told_ppm: observation.toldPpm,
    ppm: observation.ppm,
    ppm_within: observation.ppmWithin,
    clock: observation.clock,
    tests: observation.tests,
    transcript_sha256: finished.transcriptSha256,
    read_counts: observation.readCounts,
    host_label: finished.host,
    wall_s: finished.wallMs / 1000,
    folder: finished.folder,
  };
}

function filesOf(
  base: string,
  folder: string,
): { readonly log_url: string; readonly output_files: readonly KcidbResource[] } {
  const at = `${base}/${folder.split('/').map(encodeURIComponent).join('/')}`;
  return {
    log_url: `${at}/console.log`,
    output_files: OUTPUT_FILES.map((name) => ({ name, url: `${at}/${name}` })),
  };
}
