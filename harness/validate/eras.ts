/**
 * What other commits than the backport's changed between a base and a reference of another age: a guest that one of them
 * decides cannot be compared, or only without its current clocksource. Pure.
 */
import { type KernelVersion, lowersKvmClock, parseRelease } from '../verdict/kernel-generations.ts';
import { isRegistered } from './agree.ts';
import { judgeComparison } from './judge.ts';
import type { Comparison, Judged, Side } from './types.ts';

export interface Change {
  readonly commit: string;
  readonly title: string;
  readonly release: string;
  readonly isIn: (version: KernelVersion) => boolean;
  /** What of a guest it decides, by what the base and the reference do there. */
  readonly decides: (base: Side, reference: Side) => 'current' | 'all' | null;
}

const from =
  (major: number, minor: number) =>
  (v: KernelVersion): boolean =>
    v.el?.release !== 7 &&
    v.el?.release !== 8 &&
    (v.major > major || (v.major === major && v.minor >= minor));

const outranks =
  (other: string): Change['decides'] =>
  (base, reference) =>
    base.current === other && reference.current === 'tsc' ? 'current' : null;

const CHANGES: readonly Change[] = [
  {
    commit: '7539b174aef4',
    title: 'x86: kvmguest: use TSC clocksource if invariant TSC is exposed',
    release: 'v5.1',
    isIn: lowersKvmClock,
    decides: outranks('kvm-clock'),
  },
  {
    commit: 'caea091e48ed',
    title: 'x86/xen/time: prefer tsc as clocksource when it is invariant',
    release: 'v6.3',
    isIn: from(6, 3),
    decides: outranks('xen'),
  },
  {
    commit: 'aa83c45762a2',
    title: 'x86/tsc: Introduce early tsc clocksource',
    release: 'v4.16',
    isIn: (v) => from(4, 16)(v) || v.el?.release === 8,
    decides: (base, reference) =>
      reference.current === 'tsc-early' && base.current !== 'tsc-early' ? 'current' : null,
  },
  {
    commit: '8309f86cd41e',
    title: "x86/tsc: Provide 'tsc=unstable' boot parameter",
    release: 'v4.13',
    isIn: (v) => from(4, 13)(v) || v.el?.release === 8,
    decides: (base, reference) =>
      isRegistered(base.verdict) &&
      reference.verdict === 'unstable' &&
      /"boot parameter"/.test(reference.reason)
        ? 'all'
        : null,
  },
  {
    commit: '898ec52d2ba0',
    title: 'x86/xen/time: Set the X86_FEATURE_TSC_KNOWN_FREQ flag in xen_tsc_khz()',
    release: 'v5.9',
    isIn: from(5, 9),
    decides: (base, reference) =>
      base.current === 'xen' && reference.verdict === 'known-frequency' && base.verdict !== reference.verdict
        ? 'all'
        : null,
  },
  {
    commit: 'e7ff4ebffe3b',
    title: 'x86/tsc: Check for sockets instead of CPUs to make code match comment',
    release: 'v6.12',
    isIn: from(6, 12),
    decides: (base, reference) =>
      base.verdict === 'unstable' && isRegistered(reference.verdict) && /unsynchronized/.test(base.reason)
        ? 'all'
        : null,
  },
];

/** `own`: commits that the backport is like; what they decide is what it is asked for. */
export function changesBetween(base: string, reference: string, own: readonly string[]): Change[] {
  const [old, recent] = [base, reference].map(parseRelease);
  if (old == null || recent == null) return [];
  return CHANGES.filter(({ commit, isIn }) => !isIn(old) && isIn(recent) && !own.includes(commit));
}

/** Whether two releases are of different kernels, such as 3.10 and 6.1. */
export function areApart(base: string, reference: string): boolean {
  const [old, recent] = [base, reference].map(parseRelease);
  return old != null && recent != null && (old.major !== recent.major || old.minor !== recent.minor);
}

/** As judgeComparison(), but what a change decides is not held against the backport. */
export function judgeAcross(trio: Comparison, tolerancePpm: number, changes: readonly Change[]): Judged {
  const judged = judgeComparison(trio, tolerancePpm);
  if (judged.finding !== 'missing' && judged.finding !== 'other') return judged;
  const { base, reference } = trio;
  for (const { commit, title, release, decides } of changes) {
    const what = decides(base, reference);
    const named = `${commit} ("${title}", ${release})`;
    if (what === 'all')
      return {
        ...judged,
        finding: 'apart',
        why: `${named} decides there, which the base lacks: ${judged.why}`,
      };
    if (what === null) continue;
    const alike = { ...trio, reference: { ...reference, current: base.current } };
    const again = judgeComparison(alike, tolerancePpm);
    return { ...again, why: `${again.why}; the current clocksource is left out: ${named} decides it` };
  }
  return judged;
}
