/** What it is not, although the text may tempt one to think so. */
import type { Registration } from '../matrix/types.ts';
import type { Cause } from './causes.ts';
import type { Context } from './context.ts';
import { outranksTsc } from './ranking.ts';

interface Remark {
  readonly applies: (c: Context, registration: Registration, cause: Cause) => number | null;
  readonly says: (where: string, c: Context) => string;
}

const line = (found: { readonly line: number } | null | undefined): number | null => found?.line ?? null;

const REMARKS: readonly Remark[] = [
  {
    applies: ({ facts }, _, cause) =>
      facts.detected.length > 0 && cause !== 'calibration-failed'
        ? line(facts.calibration.find((l) => l.kind === 'fast-failed' || l.kind === 'pit-failed'))
        : null,
    says: (where, { facts }) =>
      `Not the failed PIT calibration${where}: the kernel got a frequency all the same (line ${facts.detected[0]?.line}).`,
  },
  {
    applies: (c, registration) =>
      c.earlyListed && registration === 'never' ? (c.facts.available?.line ?? 0) : null,
    says: (where) =>
      `tsc-early${where} is not tsc: it is a stand-in until tsc is registered, and no proof that it was.`,
  },
  {
    applies: ({ facts }) => line(facts.deadlineTimer),
    says: (where) =>
      `The TSC deadline timer${where} is a mode of the local APIC timer and says nothing about the clocksource.`,
  },
  {
    applies: (c) =>
      c.current !== null && c.current !== 'tsc' && outranksTsc(c.current, c) !== null
        ? (c.facts.switches.at(-1)?.line ?? 0)
        : null,
    says: (where, { current }) =>
      `${current} being current${where} is not the fault: its rating is above that of tsc (300), so it is chosen whether or not tsc is registered.`,
  },
  {
    applies: ({ facts }) => (facts.parameters.includes('tsc=reliable') ? line(facts.commandLine) : null),
    says: (where) =>
      `tsc=reliable on the command line${where} only spares tsc the watchdog; it does not register tsc sooner.`,
  },
  {
    // RHEL 6 (2.6.32) kernel/time/clocksource.c clocksource_unstable()
    applies: ({ facts }) => line(facts.watchdog.find((w) => /Enable clocksource failover/.test(w.text))),
    says: (where) =>
      `Not a change of the clocksource: this kernel only warns${where} and goes on with the one that it has, unless clocksource_failover is on its command line.`,
  },
  {
    applies: ({ facts }) => line(facts.watchdog.find((w) => w.kind === 'remote-timeout')),
    says: (where) =>
      `The remote CPU that did not answer the watchdog in time${where} costs no clocksource its place.`,
  },
  {
    applies: ({ facts }) =>
      line(facts.unstableSigns.find((s) => s.sign === 'sched-clock' && /tsc=/.test(s.text))),
    says: (where) =>
      `"Use 'tsc=unstable'"${where} is not a way to get tsc back: that parameter gives it up at boot, and with it this message.`,
  },
  {
    applies: ({ facts }, registration) => (registration === 'unstable' ? null : line(facts.tscAdjust[0])),
    says: (where) =>
      `The TSC_ADJUST message${where} is a firmware bug that the kernel mended; it does not keep tsc from being registered.`,
  },
  {
    applies: ({ facts }) =>
      line(facts.watchdog.find((w) => w.source !== null && !w.source.startsWith('tsc') && w.kind === 'skew')),
    says: (where) => `The watchdog message${where} is about another clocksource, not about tsc.`,
  },
  {
    applies: ({ facts }, registration) =>
      registration === 'unstable' || registration === 'never'
        ? null
        : line(facts.watchdog.find((w) => w.kind === 'slow-read')),
    says: (where) =>
      `The slow read that the watchdog saw${where} did not cost tsc its place: the check was skipped.`,
  },
];

export function redHerrings(c: Context, registration: Registration, cause: Cause): string[] {
  return REMARKS.flatMap((remark) => {
    const at = remark.applies(c, registration, cause);
    return at === null ? [] : [remark.says(at > 0 ? ` (line ${at})` : '', c)];
  });
}
