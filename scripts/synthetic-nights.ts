/** Records of made-up nights, the same for the same seed: logs as harness/record/writer.ts leaves them. */
import { createHash } from 'node:crypto';
import { DEFAULT_GUEST } from '../harness/matrix/settings.ts';
import type { Cell } from '../harness/plan/types.ts';
import { RECORD_VERSION, type RunEvent } from '../harness/record/types.ts';
import type { Observation, Outcome } from '../harness/verdict/types.ts';

const KERNELS = 10;
const DAY_MS = 24 * 3600 * 1000;
const FIRST_MS = Date.parse('2026-01-01T02:00:00.000Z');
/** Of a thousand nights of a cell, these are flaky, unexpected or without a result. */
const FLAKY = 10;
const UNEXPECTED = 20;
const FAILED = 25;

export interface SyntheticNight {
  readonly run: string;
  /** The whole of events.jsonl. */
  readonly log: string;
}

/** A generator of numbers in [0, 1): mulberry32, which is public domain. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function cellsOf(count: number): Cell[] {
  return Array.from({ length: count }, (_, i): Cell => {
    const [kernel, smp] = [`kernel-${i % KERNELS}`, Math.floor(i / KERNELS) + 1];
    return {
      id: `${kernel}.tcg.deterministic.smp=${smp}`,
      kernel,
      guest: { ...DEFAULT_GUEST, topology: 'tcg', clock: 'deterministic', smp },
      axes: { kernel, smp: String(smp) },
      expectation: { registration: ['refined', 'unrefined'], from: ['expect[0]'] },
    };
  });
}

function observationOf(verdict: 'refined' | 'never'): Observation {
  const never = verdict === 'never';
  const available = never ? ['tsc-early', 'hpet', 'acpi_pm'] : ['tsc', 'hpet', 'acpi_pm'];
  const summary = `tsc was ${never ? 'not registered' : 'registered with a refined frequency'}: the line says so.`;
  return {
    verdict,
    reason: summary,
    current: available[never ? 1 : 0] ?? null,
    available,
    kernelKhz: never ? null : 999_999,
    trueKhz: 1_000_000,
    trueKhzFrom: '-icount: the TSC counts virtual nanoseconds',
    ppm: never ? null : -1,
    diagnosis: {
      registration: verdict,
      current: available[never ? 1 : 0] ?? null,
      available,
      cause: never ? 'refinement-restarts' : 'none',
      confidence: 'certain',
      evidence: [
        {
          line: 421,
          text: '[    1.292707] tsc: Refined TSC clocksource calibration: 999.999 MHz',
          shows: 'the frequency',
        },
      ],
      not: [],
      next: [],
      summary,
    },
    differences: [],
  };
}

const ARGV = [
  'qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -machine pc-i440fx-7.2,hpet=on',
  '-accel tcg,thread=single -icount shift=0,sleep=off,align=off -seed 1 -rtc base=2026-01-01T00:00:00,clock=vm',
  '-cpu max -m 512 -kernel /cache/vmlinuz -initrd /cache/probe.cpio -serial stdio -append nokaslr',
].flatMap((words) => words.split(' '));

function nightEvents(run: string, atMs: number, cells: readonly Cell[], random: () => number): RunEvent[] {
  const at = new Date(atMs).toISOString();
  const counts: Record<Outcome, number> = {
    expected: 0,
    unexpected: 0,
    flaky: 0,
    skipped: 0,
    'infra-error': 0,
  };
  const week = Math.floor(atMs / (7 * DAY_MS));
  const events: RunEvent[] = [
    {
      type: 'run-started',
      version: RECORD_VERSION,
      run,
      at,
      matrix: { name: 'nightly', path: '/m/nightly.yaml', sha256: sha256('nightly') },
      options: { jobs: 2, repeat: 1, timeoutS: 180, filters: [] },
    },
    ...cells.map((cell): RunEvent => ({ type: 'cell-planned', cell })),
    // A new kernel package every week.
    ...[...new Set(cells.map(({ kernel }) => kernel))].map((kernel): RunEvent => {
      const digest = sha256(`${kernel} ${week}`);
      return {
        type: 'kernel-ready',
        kernel,
        path: `/k/${kernel}`,
        sha256: digest,
        release: `6.1.${week}`,
        origin: 'made up',
        cached: true,
      };
    }),
    {
      type: 'host-noted',
      tscmatrix: '0.1.0',
      node: 'v26.0.0',
      qemuVersion: '7.2.22',
      qemuSha256: sha256('qemu'),
      cpu: 'AMD EPYC',
      kernel: '6.18.44',
      hypervisor: 'KVM',
      clocksource: 'tsc',
    },
  ];
  for (const { id, kernel } of cells) {
    const draw = random() * 1000;
    const outcome: Outcome =
      draw < FLAKY ? 'flaky' : draw < UNEXPECTED ? 'unexpected' : draw < FAILED ? 'infra-error' : 'expected';
    counts[outcome]++;
    const verdicts =
      outcome === 'expected'
        ? ['refined' as const]
        : outcome === 'flaky'
          ? ['refined' as const, 'never' as const]
          : outcome === 'unexpected'
            ? ['never' as const]
            : [];
    for (const [i, verdict] of verdicts.entries()) {
      const boot = i + 1;
      events.push({ type: 'cell-started', cell: id, boot, at, argv: ARGV });
      events.push({
        type: 'cell-finished',
        cell: id,
        boot,
        at,
        wallMs: 3000 + Math.floor(random() * 2000),
        cpuMs: 3000,
        ending: { kind: 'finished' },
        observation: observationOf(verdict),
        transcriptSha256: sha256(`${id} ${kernel} ${week} ${verdict}`),
        folder: `cells/${id}/boot-${boot}`,
      });
    }
    events.push({
      type: 'cell-judged',
      cell: id,
      outcome,
      reason: `${verdicts.join(', ')}: made up`,
      verdicts,
    });
  }
  const exitCode = counts.unexpected + counts.flaky > 0 ? 1 : counts['infra-error'] > 0 ? 69 : 0;
  return [...events, { type: 'run-finished', at, interrupted: false, counts, exitCode }];
}

/** One record for each night. */
export function* syntheticNights(seed: number, nights: number, cellCount: number): Generator<SyntheticNight> {
  const random = randomFrom(seed);
  const cells = cellsOf(cellCount);
  for (let night = 0; night < nights; night++) {
    const atMs = FIRST_MS + night * DAY_MS;
    const at = new Date(atMs).toISOString();
    const run = `${at.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-nightly`;
    const events = nightEvents(run, atMs, cells, random);
    const log = events.map((event, seq) => `${JSON.stringify({ seq, at, ...event })}\n`).join('');
    yield { run, log };
  }
}
