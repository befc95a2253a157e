/** What a page takes from a boot's evidence.json: the measured read costs, and the kernel's own limit for them. */
import { z } from 'zod';
import type { RefCost } from '../../evidence/report-fields.ts';
import { generationOf, sampleLimitCycles } from '../../verdict/kernel-generations.ts';

export interface MeasuredCosts {
  readonly costs: readonly RefCost[];
  /** TSC cycles that one sample may take in this kernel, and the name of its era; null if not known. */
  readonly limit: { readonly cycles: number; readonly era: string } | null;
}

const cycles = z.number().nonnegative();
const cost = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('measured'),
    source: z.string(),
    reads: cycles,
    min: cycles,
    median: cycles,
    p90: cycles,
    max: cycles,
  }),
  z.object({ kind: z.literal('error'), source: z.string(), text: z.string() }),
]);
const number = z.number();
const version = z.object({
  major: number,
  minor: number,
  patch: number,
  el: z.object({ release: number, build: number }).nullable(),
});
const evidence = z.object({
  facts: z.object({
    kernel: z.object({ version: version.nullable() }).nullable(),
    detected: z.array(z.object({ khz: number })),
  }),
  report: z.object({ refcost: z.array(z.object({ value: cost })) }),
});

/** Null if nothing was measured; a sentence if the file is not what it should be. */
export function readCosts(text: string): MeasuredCosts | string | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  const parsed = evidence.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `it is not as expected at ${issue?.path.join('.') ?? 'its top'}`;
  }
  const { facts, report } = parsed.data;
  const costs = report.refcost.map(({ value }) => value);
  if (costs.length === 0) return null;
  const era = generationOf(facts.kernel?.version ?? null);
  // The limit counts in the frequency known when refinement starts: the first that was detected.
  const cycles = era === null ? null : sampleLimitCycles(era, facts.detected[0]?.khz ?? null);
  return { costs, limit: era === null || cycles === null ? null : { cycles, era: era.name } };
}
