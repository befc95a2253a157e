/** What to send or to try next, most useful first. */
import type { Registration } from '../matrix/types.ts';
import { adviceOn, type Cause } from './causes.ts';
import type { Context } from './context.ts';
import { ASK } from './requests.ts';

export function nextSteps(c: Context, registration: Registration, cause: Cause): string[] {
  const steps: string[] = [];
  const { facts } = c;
  if (registration === 'undetermined' || cause === 'undetermined') {
    if (c.available === null) steps.push(ASK.available);
    if (facts.shape.kind !== 'whole') steps.push(ASK.dmesg);
    if (c.current === null || cause === 'undetermined')
      if (c.currentFrom !== 'stated') steps.push(ASK.current);
    if (registration === 'never' && facts.cpuFlags === null) steps.push(ASK.flags);
    if (facts.commandLine === null) steps.push(ASK.cmdline);
  }
  steps.push(...adviceOn(cause, c));
  if (facts.trace !== null && registration === 'refined') steps.push(...EXPERIMENT);
  return steps;
}

const EXPERIMENT: readonly string[] = [
  'Caution: this kernel carries trace markers, so it was changed by hand. If its sample limit was raised as well, the refined frequency may be off by as much as the longer reads: compare it with the frequency that the hypervisor gives before trusting it.',
];
