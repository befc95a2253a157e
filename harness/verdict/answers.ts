/** What people ask next, a line each, if the text gives the answer. */
import type { Registration } from '../matrix/types.ts';
import { checkOf, type Figures } from './causes/watchdog-check.ts';
import type { Cause } from './causes.ts';
import type { Context } from './context.ts';
import { watchdogLimit } from './kernel-generations.ts';
import { isGuest } from './place.ts';
import { tracedText } from './traced-refinement.ts';

type Answer = (c: Context, registration: Registration, cause: Cause) => string | null;

/** Is the TSC really bad? Which side jumped, by how much, and what the kernel allows. */
const figures: Answer = (c, _, cause) => {
  const check = checkOf(c);
  const f = check?.figures ?? null;
  if (check === null || f === null || f.short) return null;
  const apart = Math.abs(f.cs - f.wd);
  const limit = watchdogLimit(c.facts.kernel?.version ?? null);
  const close = limit !== null && apart < limit.ns * 2 ? ', so it is close to the limit' : '';
  const allowed = limit === null ? '' : `; this kernel allows ${limit.text} in one check${close}`;
  const counted = `in ${ms(f.wd)} of ${check.event.watchdog ?? 'the reference'} the TSC counted ${ms(f.cs)}`;
  const by = `${ms(apart)} ${f.cs > f.wd ? 'more' : 'less'} (${Math.round(Math.abs(f.ppm))} ppm)`;
  return `Real or false alarm: ${counted}, ${by}; ${SIDE[cause] ?? sideOf(f)}${allowed}.`;
};

const SIDE: Partial<Record<Cause, string>> = {
  'watchdog-slow-reference': 'the reference is the one that is off',
  'guest-paused': 'what held the machine up made the difference',
};

function sideOf(f: Figures): string {
  if (f.late) return 'both ran over the 0.5 s that was due';
  return f.wdOff * 5 < f.csOff
    ? 'the TSC is the one that is off'
    : 'which of them is off the figures do not tell';
}

const ms = (ns: number): string => `${Number((ns / 1e6).toPrecision(6))} ms`;

const MAY_I: Partial<Record<Cause, string>> = {
  'tsc-warp':
    'Never tsc=reliable or tsc=nowatchdog here: the time would jump back and forth from CPU to CPU.',
  unsynchronized:
    'Not tsc=reliable here: a TSC that is not constant runs at another rate on each CPU or at each speed.',
  'halts-in-idle': 'Not tsc=reliable here: the time would stand still whenever a CPU idles.',
  'watchdog-skew':
    'tsc=reliable and tsc=nowatchdog (5.2 on) silence the check and mend nothing: use them only if the TSC has been shown right against NTP. tsc=unstable only keeps the slow clocksource.',
  'watchdog-slow-reference':
    'tsc=nowatchdog (5.2 on), or tsc=reliable, is right if the CPU has constant_tsc and nonstop_tsc and no warp was ever printed: the reference is at fault. tsc=unstable only keeps the slow clocksource.',
  'guest-paused':
    'tsc=nowatchdog (5.2 on), or tsc=reliable, keeps tsc over such an interruption; only with constant_tsc and nonstop_tsc, and if the frequency is the same afterwards.',
};

const mayI: Answer = (_, __, cause) => MAY_I[cause] ?? null;

/** kernel/time/clocksource.c sysfs current_clocksource: a name that cannot be taken is no error. */
const echo: Answer = (c, registration) =>
  registration === 'unstable'
    ? 'Why "echo tsc > current_clocksource" does nothing: an unstable TSC is refused without an error; only a boot brings it back.'
    : registration === 'never' && c.listed === false
      ? 'Why "echo tsc > current_clocksource" does nothing: tsc is not registered, and a name that is not there is no error.'
      : null;

const SLOW = new Set(['hpet', 'acpi_pm', 'pit', 'jiffies', 'refined-jiffies']);
const cost: Answer = (c) =>
  c.current !== null && SLOW.has(c.current)
    ? `What it costs: with ${c.current} every reading of the time is a system call, no longer done in the vDSO, and a read of hpet or acpi_pm takes 1 to 20 us${isGuest(c) === false ? '' : ' (more in a guest)'}: a database or a tracer shows it.`
    : null;

const migrates: Answer = (c, _, cause) =>
  cause === 'outranked' && isGuest(c) === true && c.current === 'kvm-clock'
    ? 'For a guest that migrates kvm-clock is the right choice: it follows the host. tsc needs the same frequency, or TSC scaling, on each host.'
    : null;

const guests: Answer = ({ facts }, registration) =>
  facts.kvmHost !== null && registration === 'unstable'
    ? 'For the guests of this host: kvm-clock goes on, but each reading of it costs more (no common master clock), and their own tsc is not to be relied on.'
    : null;

const sinceWhen: Answer = ({ facts }, registration) => {
  const first = [...facts.marks, ...facts.warps, ...facts.unstableSigns].toSorted(
    (a, b) => a.order - b.order,
  )[0];
  if (registration !== 'unstable' || first?.timeS == null) return null;
  // Times of day do not tell when the boot was.
  if (first.byWallClock) return `Since when: the time of day in line ${first.line}.`;
  return `Since when: ${first.timeS.toFixed(1)} s after boot (line ${first.line}).`;
};

const ANSWERS: readonly Answer[] = [tracedText, figures, mayI, echo, cost, migrates, guests, sinceWhen];

export function answersOn(c: Context, registration: Registration, cause: Cause): string[] {
  return ANSWERS.flatMap((answer) => answer(c, registration, cause) ?? []);
}
