/** Facts to diagnosis: how tsc ended, why, what shows it, what it is not, and what to do next. */
import type { Registration } from '../matrix/types.ts';
import { answersOn } from './answers.ts';
import { type Cause, causeOf } from './causes.ts';
import { type Context, contextOf, type DiagnoseInput } from './context.ts';
import { contradictionsOf } from './contradictions.ts';
import { type Citation, type Confidence, type Deduction, weaker } from './deduction.ts';
import { nextSteps } from './next-steps.ts';
import { redHerrings } from './red-herrings.ts';
import { registrationOf } from './registration.ts';
import { ASK } from './requests.ts';
import type { Diagnosis } from './types.ts';

export type { DiagnoseInput, ProbeTimeline } from './context.ts';

/** Pure. Says `undetermined` if the text does not decide, and then `next` says what to send. */
export function diagnose(input: DiagnoseInput): Diagnosis {
  const c = contextOf(input);
  const registration = registrationOf(c);
  const cause = causeOf(c, registration.value);
  const contradictions = contradictionsOf(c);
  const sure = confidenceOf(registration, cause);
  return {
    registration: registration.value,
    current: c.current,
    available: c.available,
    cause: cause.value,
    confidence: contradictions.some((one) => one.unsettles) ? weaker(sure, 'possible') : sure,
    evidence: unique([
      ...registration.evidence,
      ...cause.evidence,
      ...contradictions.flatMap((one) => one.evidence),
    ]),
    not: redHerrings(c, registration.value, cause.value),
    next: [
      ...(contradictions.length > 0 ? [ASK.sameBoot] : []),
      ...nextSteps(c, registration.value, cause.value),
      ...answersOn(c, registration.value, cause.value),
    ],
    summary: [
      summaryOf(c, registration, cause),
      ...contradictions
        .filter((one) => one.text !== registration.why)
        .map((one) => `The text contradicts itself: ${one.text}.`),
    ].join(' '),
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
  const { shape } = c.facts;
  if (
    registration.value === 'undetermined' &&
    shape.kind === 'none' &&
    c.available === null &&
    c.current === null
  )
    return 'No message about clocks was recognised in this text.';
  const first = `${capital(ENDED[registration.value])}: ${registration.why}.`;
  return cause.why === '' || cause.value === 'none' ? first : `${first} ${capital(cause.why)}.`;
}

function capital(text: string): string {
  // Names such as tsc, kvm-clock and parameters of the command line stay as they are.
  return /^(?:(?:no)?tsc|kvm-clock|xen|hpet|hyperv|\S*[_=])/.test(text)
    ? text
    : text.charAt(0).toUpperCase() + text.slice(1);
}
