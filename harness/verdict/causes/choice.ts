/** Causes that somebody or something chose, and the two that are none. */
import { type Context, isSettled } from '../context.ts';
import { type Citation, cite, claim } from '../deduction.ts';
import { RATINGS } from '../kernel-generations.ts';
import { SYSFS } from '../requests.ts';
import { cause, marked, rule } from './row.ts';
import { byWatchdog } from './watchdog-check.ts';

/** The source that is current in the place of tsc, if that is sure: an excerpt's switch may be followed by another. */
function otherCurrent(c: Context): { readonly name: string; readonly evidence: readonly Citation[] } | null {
  if (c.current === null || c.current === 'tsc' || !isSettled(c)) return null;
  const shown = c.facts.current ?? c.facts.switches.at(-1) ?? null;
  return { name: c.current, evidence: shown === null ? [] : [cite(shown, `${c.current} is current`)] };
}

const lineOf = ({ facts: { commandLine } }: Context): Citation[] =>
  commandLine === null ? [] : [cite(commandLine, 'the command line')];

/** tsc.c notsc_setup() up to 4.17; init/main.c initcall_blacklist(). */
const KEEPS_OUT = /^(?:notsc$|tsc=unstable$|initcall_blacklist=.*init_tsc_clocksource)/;

export const CHOICE = [
  cause(
    'command-line',
    [
      // tsc.c tsc_setup() "tsc=unstable", notsc_setup() "notsc" from 4.18 on
      marked(/^boot parameter/, 'certain', 'the kernel command line says so', lineOf),
      rule('never', 'said', ({ facts: { parameters, notscRefused, commandLine } }) => {
        const asked = parameters.find((p) => KEEPS_OUT.test(p)) ?? (notscRefused === null ? null : 'notsc');
        const line = notscRefused ?? commandLine;
        if (asked === null || line === null) return null;
        const why = `${asked} on the kernel command line keeps tsc from being registered`;
        return claim('certain', why, [cite(line, `the command line says ${asked}`)]);
      }),
      // kernel/time/clocksource.c boot_override_clocksource(), boot_override_clock()
      rule('registered', 'said', (c) => {
        const other = otherCurrent(c);
        const asked = c.facts.parameters.find((p) => /^clock(?:source)?=/.test(p));
        if (other === null || asked?.replace(/^\w+=/, '') !== other.name) return null;
        return claim('certain', `${asked} on the command line chose it`, [...other.evidence, ...lineOf(c)]);
      }),
    ],
    ['Boot once without that parameter.'],
  ),
  cause(
    'outranked',
    [
      rule('registered', 'around', (c) => {
        const other = otherCurrent(c);
        const rating = RATINGS[other?.name ?? ''] ?? 0;
        if (other === null || rating <= RATINGS.tsc) return null;
        return claim(
          'certain',
          `${other.name} has the higher rating (${rating} against 300)`,
          other.evidence,
        );
      }),
    ],
    [`If tsc is wanted: echo tsc > ${SYSFS}/current_clocksource, or boot with clocksource=tsc.`],
  ),
  cause(
    'none',
    [
      rule('registered', 'rest', (c) => {
        const why = c.current === 'tsc' ? 'tsc is registered and current' : 'tsc is registered';
        return otherCurrent(c) === null && claim('certain', why);
      }),
    ],
    [],
  ),
  cause(
    'undetermined',
    [
      rule('unstable', 'rest', (c) => {
        const [mark] = c.facts.marks;
        if (mark === undefined || byWatchdog(c)) return null;
        return claim('none', `the kernel's reason is "${mark.reason}"`, [cite(mark, 'the reason it gives')]);
      }),
      rule('never', 'rest', () => claim('none', 'the text does not show why')),
      rule('registered', 'rest', (c) => {
        const other = otherCurrent(c);
        const why = `${other?.name} is current although its rating is below that of tsc: chosen by hand, or tsc came or left since`;
        return other !== null && claim('none', why, other.evidence);
      }),
    ],
    [],
  ),
];
