/** A small run as events, with one cell of each outcome, one lost cell, and text that a hostile guest chose. */
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { Cell } from '../../harness/plan/types.ts';
import type { CellFinished, RunEvent } from '../../harness/record/types.ts';
import type { Observation, Outcome } from '../../harness/verdict/types.ts';

export const SHA = 'ab'.repeat(32);
/** Ends an XML or HTML context, breaks a table, colours a terminal, mentions somebody, ends a TAP line. */
export const HOSTILE = '\u001b[31mred\u001b[0m ]]></failure> | a * b `c` @root # SKIP \\ \u009b2J \u0000 end';

export function cellOf(id: string, kernel: string, hpet: string): Cell {
  return {
    id,
    kernel,
    guest: { ...DEFAULT_GUEST, clock: 'real', hpet: hpet === 'on', memoryMiB: 256 },
    axes: { kernel, hpet },
    expectation: { registration: ['refined'], from: ['default'] },
  };
}

export function observed(part: Partial<Observation>): Observation {
  return {
    verdict: 'refined',
    reason: 'tsc was registered after refinement',
    current: 'tsc',
    available: ['tsc', 'hpet', 'acpi_pm'],
    kernelKhz: 2_596_141,
    trueKhz: 2_596_140,
    trueKhzFrom: 'host',
    ppm: 0.385,
    diagnosis: null,
    differences: [],
    ...part,
  };
}

export function finishedOf(cell: string, part: Partial<Observation>, boot = 1): CellFinished {
  return {
    type: 'cell-finished',
    cell,
    boot,
    at: '2026-01-31T12:00:12.000Z',
    wallMs: 5200,
    cpuMs: 5000,
    ending: { kind: 'finished' },
    observation: observed(part),
    transcriptSha256: SHA,
    folder: `cells/${cell}/boot-${boot}`,
  };
}

const NEVER: Partial<Observation> = {
  verdict: 'never',
  current: 'hpet',
  ppm: null,
  diagnosis: {
    registration: 'never',
    current: 'hpet',
    available: ['tsc-early', 'hpet', 'acpi_pm'],
    cause: 'refinement-restarts',
    confidence: 'likely',
    evidence: [{ line: 7, text: HOSTILE, shows: 'tsc-early is still listed' }],
    not: [],
    next: [],
    summary: 'the refinement never took a sample',
  },
};

export const BEGIN: readonly RunEvent[] = [
  {
    type: 'run-started',
    version: 1,
    run: '20260131-120000-quick',
    at: '2026-01-31T12:00:00.000Z',
    matrix: { name: 'quick', path: '/m/quick.yaml', sha256: SHA },
    options: { jobs: 2, repeat: 1, timeoutS: 120, filters: [] },
  },
  ...['on', 'off'].flatMap((hpet) =>
    ['old', 'mid', 'new'].map((kernel): RunEvent => {
      return { type: 'cell-planned', cell: cellOf(`${kernel}.hpet-${hpet}`, kernel, hpet) };
    }),
  ),
  ...['old', 'mid', 'new'].map((kernel, i): RunEvent => {
    const release = `${5 + i}.10.0-cloud-amd64 (builder@host) #1 SMP`;
    return {
      type: 'kernel-ready',
      kernel,
      path: `/k/${kernel}`,
      sha256: SHA,
      release,
      origin: 'a package',
      cached: i > 0,
    };
  }),
  {
    type: 'host-noted',
    tscmatrix: '0.1.0',
    node: 'v26.0.0',
    qemuVersion: '7.2.22',
    qemuSha256: SHA,
    cpu: 'AMD EPYC',
    kernel: '6.18.44',
    hypervisor: 'KVM',
    clocksource: 'tsc',
  },
];

function startedOf(cell: string, boot = 1): RunEvent {
  const argv = ['-accel', 'tcg,thread=single', '-cpu', 'max'];
  return { type: 'cell-started', cell, boot, at: '2026-01-31T12:00:07.000Z', argv };
}
function judgedOf(
  cell: string,
  outcome: Outcome,
  reason: string,
  verdicts: readonly Observation['verdict'][],
): RunEvent {
  return { type: 'cell-judged', cell, outcome, reason, verdicts };
}

export const MIDDLE: readonly RunEvent[] = [
  startedOf('old.hpet-on'),
  finishedOf('old.hpet-on', {}),
  judgedOf('old.hpet-on', 'expected', 'refined, as expected', ['refined']),
  startedOf('mid.hpet-on'),
  finishedOf('mid.hpet-on', NEVER),
  judgedOf('mid.hpet-on', 'unexpected', `never, expected refined; the guest says ${HOSTILE}`, ['never']),
  startedOf('new.hpet-on'),
  finishedOf('new.hpet-on', {}),
  startedOf('new.hpet-on', 2),
  finishedOf('new.hpet-on', { ...NEVER, diagnosis: null }, 2),
  judgedOf('new.hpet-on', 'flaky', 'its 2 boots differ', ['refined', 'never']),
  judgedOf('old.hpet-off', 'skipped', 'KVM was asked for and is not usable here', []),
  startedOf('mid.hpet-off'),
  finishedOf('mid.hpet-off', { verdict: 'infra-error', current: null, available: null, ppm: null }),
  judgedOf('mid.hpet-off', 'infra-error', 'QEMU died of SIGKILL', ['infra-error']),
  startedOf('new.hpet-off'),
];

export const END: RunEvent = {
  type: 'run-finished',
  at: '2026-01-31T12:01:00.000Z',
  interrupted: true,
  counts: { expected: 1, unexpected: 1, flaky: 1, skipped: 1, 'infra-error': 1 },
  exitCode: 130,
};

export const SAMPLE: readonly RunEvent[] = [...BEGIN, ...MIDDLE, END];
