/** Facts to diagnosis: how tsc ended, why, what shows it, what it is not, and what to do next. */
import type { Registration } from '../matrix/types.ts';
import { type Cause, causeOf } from './causes.ts';
import { type Context, contextOf, type DiagnoseInput } from './context.ts';
import { type Citation, type Confidence, type Deduction, weaker } from './deduction.ts';
import { nextSteps } from './next-steps.ts';
import { redHerrings } from './red-herrings.ts';
import { registrationOf } from './registration.ts';
import type { Diagnosis } from './types.ts';

export type { DiagnoseInput, ProbeTimeline } from './context.ts';

/** Pure. Says `undetermined` where the text does not decide, and then `next` says what to send. */
export function diagnose(input: DiagnoseInput): Diagnosis {
  const c = contextOf(input);
  const registration = registrationOf(c);
  const cause = causeOf(c, registration.value);
  return {
    registration: registration.value,
    current: c.current,
    available: c.available,
    cause: cause.value,
    confidence: confidenceOf(registration, cause),
    evidence: unique([...registration.evidence, ...cause.evidence]),
    not: redHerrings(c, registration.value, cause.value),
    next: nextSteps(c, registration.value, cause.value),
    summary: summaryOf(c, registration, cause),
  };
}

/** How sure the diagnosis as a whole is; an open registration does not weaken a plain cause. */
function confidenceOf(registration: Deduction<Registration>, cause: Deduction<Cause>): Confidence {
  if (cause.value === 'undetermined') return 'none';
  return registration.value === 'undetermined'
    ? cause.confidence
    : weaker(registration.confidence, cause.confidence);
}

function unique(citations: readonly Citation[]): Citation[] {
  const seen = new Set<string>();
  return citations.filter(({ line, text }) => {
    const key = line > 0 ? String(line) : text;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const ENDED: Readonly<Record<Registration, string>> = {
  'known-frequency': 'tsc was registered at its initcall with a known frequency',
  refined: 'tsc was registered with a refined frequency',
  unrefined: 'tsc was registered with the first, unrefined frequency',
  never: 'tsc was never registered',
  unstable: 'the TSC was marked unstable',
  undetermined: 'the text does not tell how tsc ended',
};

function summaryOf(c: Context, registration: Deduction<Registration>, cause: Deduction<Cause>): string {
  if (c.facts.shape.kind === 'none' && c.available === null && c.current === null)
    return 'This text holds no kernel log: no line of it is a message that the kernel prints.';
  const first = `${capital(ENDED[registration.value])}: ${registration.why}.`;
  return cause.why === '' || cause.value === 'none' ? first : `${first} ${capital(cause.why)}.`;
}

function capital(text: string): string {
  // Names such as tsc, kvm-clock and parameters of the command line stay as they are.
  return /^(?:(?:no)?tsc|kvm-clock|xen|hpet|hyperv|\S*[_=])/.test(text)
    ? text
    : text.charAt(0).toUpperCase() + text.slice(1);
}
