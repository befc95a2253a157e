// The field report's markers and the kernel's own trace, of one boot: the same conclusion. And a released kernel, unmarked.
import { beforeAll, describe, expect, test } from 'vitest';
import { gatherFacts } from '../../harness/evidence/facts.ts';
import { openCache } from '../../harness/host/cache.ts';
import { acquireKernel } from '../../harness/kernel/acquire.ts';
import { isNotBuilt } from '../../harness/lab/make-ready.ts';
import { parseMatrix } from '../../harness/matrix/load.ts';
import { makePlan } from '../../harness/plan/expand.ts';
import { bootGuest, type OneBoot } from '../../harness/run/one-boot.ts';
import { diagnose } from '../../harness/verdict/diagnose.ts';
import { markedKernel } from '../support/marked-kernel.ts';
import { BUILD_MS } from '../support/nested-boots.ts';

const MATRIX = `
version: 1
name: trace
kernels:
  marked-6.1: ${markedKernel('6.1', 'bookworm')}
  marked-6.12: ${markedKernel('6.12', 'trixie')}
  released: { debian: linux-image-cloud-amd64, suite: bookworm }
defaults: { topology: nested, cpu: host, hpet: off, tsc-frequency: 3GHz, trace: refinement, probe: brief }
axes: { kernel: [marked-6.1, marked-6.12], ref-delay: [0, 14us] }
include: [{ kernel: released, topology: tcg, cpu: max }]
`;
const plan = makePlan(parseMatrix(MATRIX, '/matrix.yaml'));
const BOOT_MS = 5 * 60_000;

async function boot(kernel: string, delayNs: number): Promise<OneBoot> {
  const cell = plan.cells.find((one) => one.kernel === kernel && one.guest.refDelay.pmNs === delayNs);
  const entry = plan.kernels.find(({ name }) => name === kernel);
  if (cell === undefined || entry === undefined) throw new Error(`no cell of ${kernel}`);
  const options = { qemu: 'qemu-system-x86_64', timeoutS: 280, keep: undefined, onProgress: () => undefined };
  return bootGuest(entry, cell.guest, options);
}

/** The conclusion from the log alone, with its markers, and from the log without them and the trace. */
function conclusions({ seen: { evidence, observation } }: OneBoot) {
  const { available, current } = observation;
  const state = { available: available ?? undefined, current: current ?? undefined };
  const trace = evidence.report.trace?.lines.map(({ value, lines }) => ({ n: lines[0] ?? 0, text: value }));
  const unmarked = evidence.log.filter(({ text }) => !text.includes('No.'));
  return [gatherFacts(evidence.log), gatherFacts(unmarked, trace)].map((facts) => {
    const { registration, cause, confidence } = diagnose({ facts, ...state });
    return `${registration}, ${cause}, ${confidence}`;
  });
}

describe.each(['marked-6.1', 'marked-6.12'])('%s', (kernel) => {
  let isThere = true;
  beforeAll(async () => {
    const entry = plan.kernels.find(({ name }) => name === kernel);
    if (entry === undefined) throw new Error(`no kernel ${kernel}`);
    // Nothing of another kernel's build is of use to one with tracing: ten minutes of CPU time that a night has, and CI has not.
    const buildNothing = process.env.TSCMATRIX_MARKED_KERNELS !== '1';
    await acquireKernel(entry, { cache: await openCache(), buildNothing }).catch((error: Error) => {
      if (!isNotBuilt(error)) throw error;
      isThere = false;
    });
  }, BUILD_MS);

  test(
    'slow reads: a pass for each two markers, ULLONG_MAX each time',
    async ({ skip }) => {
      if (!isThere)
        skip(`${kernel} is not built, which takes a whole kernel's time: set TSCMATRIX_MARKED_KERNELS=1`);
      const booted = await boot(kernel, 14_000);
      const { trace, ftrace } = booted.seen.evidence.facts;
      expect(trace?.path.slice(0, 7)).toEqual([1, 2, 3, 4, 5, 4, 5]);
      expect(ftrace?.passes.length).toBe(trace?.path.filter((marker) => marker === 4).length);
      expect(ftrace?.samples.length).toBe(ftrace?.passes.length);
      expect(ftrace?.samples.every(({ rejected }) => rejected)).toBe(true);
      expect(new Set(conclusions(booted))).toEqual(new Set(['never, refinement-restarts, certain']));
      expect(booted.seen.observation.reason).not.toContain('Of the trace');
    },
    BOOT_MS,
  );

  test(
    'reads as they come: two passes, two samples',
    async ({ skip }) => {
      if (!isThere)
        skip(`${kernel} is not built, which takes a whole kernel's time: set TSCMATRIX_MARKED_KERNELS=1`);
      const booted = await boot(kernel, 0);
      const { trace, ftrace } = booted.seen.evidence.facts;
      expect(trace?.path).toEqual([1, 2, 3, 4, 5, 4, 6, 7, 8, 9, 10]);
      expect(ftrace?.samples.map(({ rejected }) => rejected)).toEqual([false, false]);
      expect(new Set(conclusions(booted)).size).toBe(1);
      expect(booted.seen.observation.verdict).toBe('refined');
    },
    BOOT_MS,
  );
});

test(
  'a released kernel refuses probes in tsc.c: said, and the events of the workqueue are there',
  async () => {
    const { seen } = await boot('released', 0);
    expect(seen.observation.verdict).toBe('refined');
    expect(seen.observation.reason).toMatch(
      /Of the trace: .*tsc_read_refs is not probed: .*KPROBE_EVENTS_ON_NOTRACE/,
    );
    expect(seen.evidence.facts.ftrace?.passes).toHaveLength(2);
  },
  BOOT_MS,
);
