/** Runs a target on inputs of a seed, and says what was found. */
import fc from 'fast-check';
import type { Target } from './targets.ts';

/** CPU time of one input, s. Inputs are small: what takes longer grows faster than its input. */
export const CPU_LIMIT_S = 2;
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]/;

export interface Fuzzed {
  readonly inputs: number;
  readonly slowestS: number;
  /** The smallest input that fails, and how; null where none does. */
  readonly failure: string | null;
}

export async function fuzz({ inputs, show }: Target, seed: number, runs: number): Promise<Fuzzed> {
  let slowestS = 0;
  const holds = fc.asyncProperty(inputs, async (input) => {
    const before = process.threadCpuUsage();
    const shown = await show(input);
    const { user, system } = process.threadCpuUsage(before);
    const usedS = (user + system) / 1e6;
    slowestS = Math.max(slowestS, usedS);
    if (usedS > CPU_LIMIT_S) throw new Error(`it took ${usedS.toFixed(1)} s of CPU time`);
    const control = CONTROL.exec(shown);
    if (control !== null) throw new Error(`a control character is shown: ${JSON.stringify(control[0])}`);
  });
  const result = await fc.check(holds, { seed, numRuns: runs });
  if (!result.failed) return { inputs: result.numRuns, slowestS, failure: null };
  const [input] = result.counterexample ?? [];
  const failure = `seed ${seed}: ${result.errorInstance instanceof Error ? result.errorInstance.stack : String(result.errorInstance)}\ninput (base64): ${input?.toString('base64')}`;
  return { inputs: result.numRuns, slowestS, failure };
}
