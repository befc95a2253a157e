/** Reads that were counted outside of the guest, as proof of what its silent refinement does. */
import { describe, expect, test } from 'vitest';
import { gatherAppliance } from '../../harness/evidence/appliance.ts';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import type { ExitCounts } from '../../harness/evidence/exits.ts';
import { diagnose } from '../../harness/verdict/diagnose.ts';
import { observe } from '../../harness/verdict/observe.ts';
import { bytes, report } from '../evidence/frame-text.ts';
import { APPLIANCE_NONCE, altered, capture, GUEST_NONCE } from '../evidence/nested-capture.ts';
import { LAUNCH, MACHINE } from './sample-boot.ts';

function exitsOf(name: string): ExitCounts {
  const { exits } = gatherAppliance(capture(`${name}.appliance`), APPLIANCE_NONCE);
  if (exits?.kind !== 'counted') throw new Error(`${name} has no counts`);
  return exits.counts;
}

/** A console and counts as those of the guest that was asked for. */
function look(name: string, console = capture(`${name}.console`), exits: ExitCounts | null = exitsOf(name)) {
  const evidence = gatherEvidence(console, GUEST_NONCE, exits);
  const commandLine = evidence.report.cmdline?.value ?? '';
  const hpet = name.endsWith('hpet');
  return observe({
    launch: {
      ...LAUNCH,
      nonce: GUEST_NONCE,
      accelerator: 'kvm',
      personality: 'kvm',
      commandLine,
      guest: { ...LAUNCH.guest, topology: 'kvm', cpu: 'host', smp: 1, hpet },
    },
    ending: { kind: 'finished' },
    evidence,
    machine: { ...MACHINE, accelerator: 'kvm', vcpus: 1, hpet },
    trueKhz: { khz: 1_000_000, from: 'icount' },
  });
}

test.each([
  ['stock', { verdict: 'refined', readCounts: { pm: 26, hpet: 0 }, current: 'kvm-clock' }],
  ['known-frequency-slow', { verdict: 'known-frequency' }],
  ['stock-slow-hpet', { verdict: 'never', readCounts: { pm: 20, hpet: 103 } }],
])('%s is observed as it was', (name, seen) => {
  expect(look(name)).toMatchObject(seen);
});

test('a raised limit registers a wrong frequency', () => {
  const seen = look('threshold-raised-disturbed');
  expect(seen.verdict).toBe('refined');
  expect(seen.ppm).toBe(-195);
});

describe('a guest that never registers tsc', () => {
  test('restarts its refinement for certain where its reads show it', () => {
    const seen = look('stock-slow');
    expect(seen).toMatchObject({
      verdict: 'never',
      readCounts: { pm: 140, hpet: 0 },
      diagnosis: { cause: 'refinement-restarts', confidence: 'certain' },
    });
    expect(seen.reason).toContain('15 in each of the 7 whole seconds');
    expect(seen.reason).toContain('refinement restarts once a second');
  });

  test('is said to do so without counts too, but not by them', () => {
    const seen = look('stock-slow', undefined, null);
    expect(seen).toMatchObject({ readCounts: null, diagnosis: { cause: 'refinement-restarts' } });
    expect(seen.reason).not.toContain('counted');
  });

  test('does not where nobody reads a counter', () => {
    const exits = exitsOf('stock-slow');
    const quiet = { ...exits, perSecond: { pm: [20], hpet: [] } };
    expect(look('stock-slow', undefined, quiet).diagnosis?.cause).not.toBe('refinement-restarts');
  });

  test('is not shown to where the counter that is read is the clocksource in use', () => {
    const { facts } = gatherEvidence(capture('stock-slow.console'), GUEST_NONCE);
    const watched = { state: 'never', firstPollS: 0.2, firstListedS: null, lastPollS: 8.2 } as const;
    const input = { facts, available: ['kvm-clock', 'acpi_pm'], watched, exits: exitsOf('stock-slow') };
    expect(diagnose({ ...input, current: 'kvm-clock' }).summary).toContain('counted from outside');
    expect(diagnose({ ...input, current: 'acpi_pm' }).summary).not.toContain('counted from outside');
  });
});

describe('a guest of which there is no log', () => {
  const lack = ['unread', 'file=/dev/kmsg error=No such file or directory'] as const;
  const noList = ['unread', 'file=/sys/x/available_clocksource error=No such file or directory'] as const;
  const list = ['poll', 't_ns=200000000 tsc=1 current=kvm-clock available=kvm-clock,acpi_pm'] as const;
  const see = (exits: ExitCounts, ...frames: (readonly [string, string])[]) => {
    const { diagnosis, verdict } = look(
      'stock-slow',
      bytes(report([...frames, lack], 'x', GUEST_NONCE)),
      exits,
    );
    return { verdict, cause: diagnosis?.cause, confidence: diagnosis?.confidence };
  };
  const never = ['settled', 'state=never t_ns=8200000000'] as const;
  const unknown = ['settled', 'state=unknown t_ns=8200000000'] as const;
  const counts = exitsOf('stock-slow');

  test('is told by the list and the counted reads', () => {
    const told = { verdict: 'never', cause: 'refinement-restarts', confidence: 'certain' };
    expect(see(counts, list, never)).toEqual(told);
  });

  test('is told by the counted reads alone, and less surely', () => {
    expect(see(counts, noList, unknown)).toEqual({
      verdict: 'never',
      cause: 'refinement-restarts',
      confidence: 'likely',
    });
  });

  test('is not told where nobody counted a habit', () => {
    const some = { ...counts, perSecond: { pm: [20, 3, 0, 0, 3, 0, 0, 0, 0], hpet: [] } };
    expect(see(some, list, never)).toMatchObject({ verdict: 'undetermined' });
    expect(see(some, noList, unknown)).toMatchObject({ verdict: 'undetermined' });
  });

  test('that lists tsc is not said to start over', () => {
    const tsc = ['poll', 't_ns=2000000000 tsc=1 current=kvm-clock available=kvm-clock,tsc,acpi_pm'] as const;
    expect(see(counts, tsc, ['settled', 'state=registered t_ns=8200000000'])).toMatchObject({
      verdict: 'undetermined',
    });
  });
});

test('a log that is not as the kernel logged it is no evidence, and the reason names the block', () => {
  const damaged = altered(capture('stock.console'), 'tsc: Detected 1000.000', 'tsc: Detected 1900.000');
  const seen = look('stock', damaged);
  expect(seen.verdict).toBe('no-evidence');
  expect(seen.reason).toContain('block 2 of 13, lines 17 to 32 of the log');
});

test('a console that tells of a refinement for which no counter was read is not believed', () => {
  const honest = exitsOf('stock');
  // The same reads, all of them before the kernel began.
  const early = { pm: [honest.marks[1]?.reads.pm ?? 0], hpet: [0] };
  const forged = look('stock', undefined, { ...honest, perSecond: early });
  expect(forged).toMatchObject({ verdict: 'infra-error' });
  expect(forged.reason).toMatch(/refined the frequency.*counted 0 reads of the PM timer.*cannot be trusted/);
  // Where the machine did not count, there is nothing to hold against it.
  expect(look('stock', undefined, null).verdict).toBe('refined');
});
