/** The words of an audit that all its forms share. */
import { oneLine } from '../base/safe-text.ts';
import {
  type Audit,
  type AuditedFix,
  type AuditedKernel,
  type DecisiveLine,
  type FixFinding,
  type FixState,
  type GuestFinding,
  STATES,
} from './types.ts';

const STATE_WORDS: Readonly<Record<FixState, string>> = {
  present: 'present',
  absent: 'ABSENT',
  partly: 'PARTLY',
  'not-applicable': 'not applicable',
  'cannot-tell': 'cannot tell',
};

/** What --require misses. */
export const lackText = (commit: string, kernel: string, state: FixState): string =>
  `${commit} in ${kernel}: ${state}`;

export const shortCommit = ({ exhibit }: AuditedFix): string => exhibit.commit.slice(0, 12);

export const stateText = ({ kernels }: AuditedFix, kernel: string): string =>
  STATE_WORDS[kernels[kernel]?.state ?? 'cannot-tell'];

/** Of its release: " (6.1.176)", or nothing. */
export const releaseText = ({ release }: AuditedKernel): string => (release === null ? '' : ` (${release})`);

/** Why there is no kernel, or how many answers of each kind it has. */
export const summaryText = (audit: Audit, { name, fault }: AuditedKernel): string =>
  fault ?? tally(audit, name);

/** "12 present, 1 absent" of one kernel. */
function tally({ fixes }: Audit, kernel: string): string {
  const of = (state: FixState): number => fixes.filter((fix) => fix.kernels[kernel]?.state === state).length;
  return STATES.map((state) => [of(state), state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${STATE_WORDS[state].toLowerCase()}`)
    .join(', ');
}

export function findingText({ state, why }: FixFinding): string {
  return oneLine(`${STATE_WORDS[state]}: ${why}`);
}

/** "reads=slow: never, current kvm-clock". */
export function guestText({ guest, shows, fits, isDecisive }: GuestFinding): string {
  const side = {
    after: 'as with it',
    before: 'as without it',
    both: 'both sides do so',
    neither: 'neither side does so',
  };
  const what = fits === 'unknown' ? 'no answer' : isDecisive ? side[fits] : 'a control';
  return oneLine(`${guest}: ${shows} (${what})`);
}

export function lineText({ line, text, isThere }: DecisiveLine): string {
  if (!isThere) return oneLine(`not there: ${text}`);
  return oneLine(line === null ? text : `line ${line}: ${text}`);
}
