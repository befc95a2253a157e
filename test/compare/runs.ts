/** Runs as the record's writer leaves them, told by what matters to a comparison. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec, Verdict } from '../../harness/matrix/types.ts';
import type { Cell } from '../../harness/plan/types.ts';
import type { Provenance } from '../../harness/record/provenance/provenance-types.ts';
import { RECORD_VERSION } from '../../harness/record/types.ts';
import { openRecord } from '../../harness/record/writer.ts';
import type { Observation, Outcome } from '../../harness/verdict/types.ts';

export const sha = (text: string): string => createHash('sha256').update(text).digest('hex');

export interface CellSpec {
  readonly id?: string;
  readonly kernel?: string;
  readonly guest?: Partial<GuestSpec>;
  readonly expect?: Cell['expectation']['registration'];
  /** Null: the cell is planned and never judged. */
  readonly outcome?: Outcome | null;
  readonly reason?: string;
  /** One for each boot. */
  readonly verdicts?: readonly Verdict[];
  /** What the transcript is the hash of; null: the end frame never came. */
  readonly transcript?: string | null;
  readonly seen?: Partial<Observation>;
  readonly append?: string;
  readonly wallMs?: number;
}
export interface RunSpec {
  readonly at?: string;
  readonly matrix?: string;
  readonly filters?: readonly string[];
  readonly cells?: readonly CellSpec[];
  /** What each kernel's image is the hash of, where not its name. */
  readonly kernels?: Readonly<Record<string, string>>;
  /** The commit of a kernel that was built from one. */
  readonly commits?: Readonly<Record<string, string>>;
  readonly repository?: string;
  readonly qemu?: string;
  readonly initramfs?: string;
  readonly cpu?: string;
  readonly commit?: string;
  readonly exitCode?: number;
  /** Folder of the kernels and the probe. */
  readonly cache?: string;
  readonly provenance?: false;
  readonly unfinished?: true;
  readonly ppm?: number;
}

const known = <T>(value: T): { value: T } => ({ value });

function provenanceOf(spec: RunSpec): Provenance {
  const { qemu = '7.2.22', initramfs = 'probe', cpu = 'AMD EPYC', commit = 'c1', cache = '/cache' } = spec;
  return {
    version: 1,
    at: spec.at ?? '',
    tscmatrix: { version: '0.1.0', commit: known(commit.padEnd(40, '0')), dirty: known(false) },
    node: 'v26.0.0',
    matrix: { name: 'nightly', path: '/m', sha256: sha('matrix') },
    qemu: { path: known('/usr/bin/qemu'), version: known(qemu), sha256: known(sha(qemu)) },
    kernels: [],
    files: [{ name: 'initramfs', path: `${cache}/probe.cpio`, sha256: known(sha(initramfs)) }],
    host: {
      cpu: known(cpu),
      cpus: 2,
      kernel: '6.18.44',
      hypervisor: known('KVM'),
      clocksource: { current: known('tsc'), available: known(['tsc']) },
      tscKhz: known(2_596_098),
      load: [1, 1, 1],
      memoryMiB: 1,
      memoryFreeMiB: 1,
    },
  };
}

function observationOf(verdict: Verdict, seen: Partial<Observation> = {}): Observation {
  return {
    verdict,
    reason: `${verdict}: the lines say so`,
    current: verdict === 'refined' ? 'tsc' : 'hpet',
    available: verdict === 'refined' ? ['tsc', 'hpet'] : ['hpet'],
    kernelKhz: 1_000_000,
    trueKhz: 1_000_000,
    trueKhzFrom: 'made up',
    ppm: 0,
    diagnosis: null,
    differences: [],
    ...seen,
  };
}

/** Writes the run through the real writer, consoles and all; gives its folder. */
export async function writeRun(results: string, spec: RunSpec = {}): Promise<string> {
  const { at = '2026-01-31T02:00:00.000Z', matrix = 'nightly', cells = [{}], cache = '/cache' } = spec;
  const record = await openRecord(results, matrix, new Date(at));
  const emit = record.append;
  await emit({
    type: 'run-started',
    version: RECORD_VERSION,
    run: record.run,
    at,
    matrix: { name: matrix, path: '/m', sha256: sha('matrix') },
    options: { jobs: 2, repeat: 1, timeoutS: 180, filters: spec.filters ?? [] },
  });
  const planned = cells.map((cell): CellSpec & { id: string; kernel: string; guest: GuestSpec } => {
    const { kernel = 'stock', id = `${kernel}.tcg.deterministic` } = cell;
    return {
      ...cell,
      id,
      kernel,
      guest: { ...DEFAULT_GUEST, topology: 'tcg', clock: 'deterministic', ...cell.guest },
    };
  });
  for (const { id, kernel, guest, expect } of planned) {
    const expectation = { registration: expect ?? ['refined' as const], from: [at] };
    await emit({ type: 'cell-planned', cell: { id, kernel, guest, axes: { kernel }, expectation } });
  }
  for (const kernel of new Set(planned.map((cell) => cell.kernel))) {
    const image = spec.kernels?.[kernel] ?? kernel;
    const commit = spec.commits?.[kernel];
    const path = `${cache}/${sha(image)}/vmlinuz`;
    await emit({
      type: 'kernel-ready',
      kernel,
      path,
      sha256: sha(image),
      release: '6.1.0 (x) #1',
      origin: 'made up',
      cached: true,
      ...(commit === undefined ? {} : { git: { repository: spec.repository ?? '/linux', commit } }),
    });
  }
  const provenance = provenanceOf(spec);
  if (spec.provenance !== false) await record.writeFile('provenance.json', JSON.stringify(provenance));
  await emit({
    type: 'host-noted',
    tscmatrix: '0.1.0',
    node: 'v26.0.0',
    qemuVersion: provenance.qemu.version.value,
    qemuSha256: provenance.qemu.sha256.value,
    cpu: provenance.host.cpu.value,
    kernel: '6.18.44',
    hypervisor: 'KVM',
    clocksource: 'tsc',
  });
  const counts: Record<Outcome, number> = {
    expected: 0,
    unexpected: 0,
    flaky: 0,
    skipped: 0,
    'infra-error': 0,
  };
  for (const cell of planned) {
    const { id, kernel, outcome = 'expected', transcript = id, append = '' } = cell;
    const bootless = outcome === 'skipped' || outcome === 'infra-error';
    const verdicts = cell.verdicts ?? (bootless ? [] : [outcome === 'unexpected' ? 'never' : 'refined']);
    for (const [i, verdict] of verdicts.entries()) {
      const folder = await record.folderFor(id, i + 1);
      await writeFile(join(folder.path, 'console.log'), `console of ${at}`);
      const image = `${cache}/${sha(spec.kernels?.[kernel] ?? kernel)}/vmlinuz`;
      const argv = [
        'qemu',
        '-accel',
        'tcg,thread=single',
        '-kernel',
        image,
        '-initrd',
        `${cache}/probe.cpio`,
      ];
      await emit({
        type: 'cell-started',
        cell: id,
        boot: i + 1,
        at,
        argv: [...argv, '-append', `quiet ${append}`],
      });
      const hash = transcript === null ? {} : { transcriptSha256: sha(`${transcript} ${verdict}`) };
      await emit({
        type: 'cell-finished',
        cell: id,
        boot: i + 1,
        at,
        wallMs: cell.wallMs ?? 4000,
        cpuMs: 1000,
        ending: { kind: 'finished' },
        observation: observationOf(verdict, cell.seen),
        ...hash,
        folder: folder.folder,
      });
    }
    if (outcome === null) continue;
    counts[outcome]++;
    await emit({
      type: 'cell-judged',
      cell: id,
      outcome,
      reason: cell.reason ?? `${outcome} it is`,
      verdicts,
    });
  }
  const bad = counts.unexpected + counts.flaky > 0;
  if (spec.unfinished !== true) {
    await emit({
      type: 'run-finished',
      at,
      interrupted: false,
      counts,
      exitCode: spec.exitCode ?? (bad ? 1 : 0),
    });
  }
  await record.close();
  return record.dir;
}
