/** A record of any size, written as a run writes one: real consoles, read and judged by the real rules, no guest booted. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Evidence, gatherEvidence } from '../../harness/evidence/evidence.ts';
import { shellCommand } from '../../harness/guest/launch/shell.ts';
import { writeEvidenceFile } from '../../harness/lab/files.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { cellId } from '../../harness/plan/cell-id.ts';
import type { Cell } from '../../harness/plan/types.ts';
import { openRecord } from '../../harness/record/writer.ts';
import { observe } from '../../harness/verdict/observe.ts';
import { judgeCell } from '../../harness/verdict/outcome.ts';
import { type Observation, OUTCOMES, type Outcome } from '../../harness/verdict/types.ts';
import { LAUNCH, MACHINE } from '../verdict/sample-boot.ts';

export const CAPTURES = [
  'debian-6.1-no-reference',
  'debian-6.12-initcall-blacklisted',
  'debian-7.3-tsc-unstable',
] as const;
export const NONCE = '00000000';
const SHA = 'ab'.repeat(32);

export interface MadeBoot {
  readonly console: Uint8Array;
}
export interface MadeCell {
  readonly kernel: string;
  readonly guest: Partial<GuestSpec>;
  readonly axes: Readonly<Record<string, string>>;
  readonly expect: Cell['expectation']['registration'];
  /** None: the cell is skipped. */
  readonly boots: readonly MadeBoot[];
}

export function capture(name: (typeof CAPTURES)[number]): Buffer {
  return readFileSync(join(import.meta.dirname, '..', 'captures', 'probe', `${name}.console`));
}

interface Seen {
  readonly evidence: Evidence;
  readonly observation: Observation;
}

/** The same bytes are read once: two thousand cells share a few consoles. */
function observer(): (console: Uint8Array, guest: GuestSpec) => Seen {
  const seen = new Map<Uint8Array, Map<boolean, Seen>>();
  return (console, guest) => {
    const byHpet = seen.get(console) ?? new Map<boolean, Seen>();
    seen.set(console, byHpet);
    const known = byHpet.get(guest.hpet);
    if (known !== undefined) return known;
    const evidence = gatherEvidence(console, NONCE);
    const commandLine = evidence.report.cmdline?.value ?? '';
    const observation = observe({
      launch: {
        ...LAUNCH,
        nonce: NONCE,
        commandLine,
        guest: {
          ...LAUNCH.guest,
          smp: 1,
          hpet: evidence.report.hpet?.value.kind === 'present',
          pmtimer: evidence.report.pmtimer?.value.kind === 'present',
        },
      },
      ending: { kind: 'finished' },
      evidence,
      machine: { ...MACHINE, vcpus: 1, hpet: evidence.report.hpet?.value.kind === 'present' },
      trueKhz: { khz: 1_000_000, from: 'icount' },
    });
    const result = { evidence, observation };
    byHpet.set(guest.hpet, result);
    return result;
  };
}

/** Gives the run's folder. */
export async function writeRun(
  resultsDir: string,
  name: string,
  made: readonly MadeCell[],
  at = new Date(),
): Promise<string> {
  const record = await openRecord(resultsDir, name, at);
  const see = observer();
  const time = at.toISOString();
  const cells = made.map(cellOf);
  await record.append({
    type: 'run-started',
    version: 1,
    run: record.run,
    at: time,
    matrix: { name, path: `/matrices/${name}.yaml`, sha256: SHA },
    options: { jobs: 2, repeat: 1, timeoutS: 180, filters: [] },
  });
  for (const cell of cells) await record.append({ type: 'cell-planned', cell });
  for (const kernel of new Set(made.map((cell) => cell.kernel))) {
    const release = `${kernel.replace('linux-', '')}.0-cloud-amd64 (builder@host) #1 SMP`;
    await record.append({
      type: 'kernel-ready',
      kernel,
      path: `/k/${kernel}`,
      sha256: SHA,
      release,
      origin: 'a package',
      cached: true,
    });
  }
  await record.append({
    type: 'host-noted',
    tscmatrix: '0.1.0',
    node: 'v26.0.0',
    qemuVersion: '7.2.22',
    qemuSha256: SHA,
    cpu: 'AMD EPYC',
    kernel: '6.18.44',
    hypervisor: 'KVM',
    clocksource: 'tsc',
  });
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  for (const [i, cell] of cells.entries()) {
    const boots = made[i]?.boots ?? [];
    const results = [];
    for (const [j, { console }] of boots.entries()) {
      const folder = await record.folderFor(cell.id, j + 1);
      const { evidence, observation } = see(console, cell.guest);
      const argv = [
        '-nodefaults',
        '-accel',
        'tcg,thread=single',
        '-cpu',
        cell.guest.cpu,
        '-append',
        'console=ttyS0 ignore_loglevel',
      ];
      await writeFile(join(folder.path, 'console.log'), console);
      await writeFile(
        join(folder.path, 'command.sh'),
        `#!/bin/sh\n${shellCommand({ qemu: 'qemu-system-x86_64', argv })}\n`,
      );
      await writeEvidenceFile(folder.path, evidence);
      await record.append({
        type: 'cell-started',
        cell: cell.id,
        boot: j + 1,
        at: time,
        argv: ['qemu-system-x86_64', ...argv],
      });
      await record.append({
        type: 'cell-finished',
        cell: cell.id,
        boot: j + 1,
        at: time,
        wallMs: 5200 + 13 * i,
        cpuMs: 5000 + 11 * i,
        ending: { kind: 'finished' },
        observation,
        ...(evidence.transcriptSha256 === null ? {} : { transcriptSha256: evidence.transcriptSha256 }),
        folder: folder.folder,
      });
      results.push({ observation, log: evidence.log.map(({ text }) => text).join('\n') });
    }
    const judged: { readonly outcome: Outcome; readonly reason: string } =
      results.length === 0
        ? { outcome: 'skipped', reason: 'KVM was asked for and is not usable here' }
        : judgeCell(results, cell.expectation);
    counts[judged.outcome]++;
    await record.append({
      type: 'cell-judged',
      cell: cell.id,
      ...judged,
      verdicts: results.map(({ observation }) => observation.verdict),
    });
  }
  await record.append({
    type: 'run-finished',
    at: new Date(at.getTime() + 95_000).toISOString(),
    interrupted: false,
    counts,
    exitCode: 1,
  });
  await record.close();
  return record.dir;
}

function cellOf({ kernel, guest, axes, expect }: MadeCell): Cell {
  const whole: GuestSpec = { ...LAUNCH.guest, clock: 'deterministic', smp: 1, ...guest };
  return {
    id: cellId(kernel, whole),
    kernel,
    guest: whole,
    axes: { kernel, ...axes },
    expectation: { registration: expect, from: ['expect[0]'] },
  };
}

/** A table of kernels and guests with cells of every outcome but infra-error. With `later`, some results are others. */
export function variedCells(kernels: number, guests: number, later = false): MadeCell[] {
  const consoles = CAPTURES.map(capture);
  const cells: MadeCell[] = [];
  for (let g = 0; g < guests; g++) {
    for (let k = 0; k < kernels; k++) {
      const n = g * kernels + k;
      const boot = { console: consoles[(n + Number(later && n % 13 === 3)) % 3] as Buffer };
      const hpet = g % 2 === 0;
      const smp = 1 + (Math.floor(g / 2) % 8);
      const memoryMiB = 256 + 16 * Math.floor(g / 16);
      cells.push({
        kernel: `linux-${5 + k}.${k}`,
        guest: { hpet, smp, memoryMiB },
        axes: { hpet: hpet ? 'on' : 'off', smp: String(smp), memory: String(memoryMiB) },
        expect:
          n % 11 === 0 ? ['refined'] : [(['unrefined', 'never', 'unstable'] as const)[n % 3] ?? 'never'],
        boots:
          n % 17 === 5 ? [] : n % 23 === 7 ? [boot, { console: consoles[(n + 1) % 3] as Buffer }] : [boot],
      });
    }
  }
  return cells;
}
