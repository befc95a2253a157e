/** Causes that somebody or something chose, and the two that are none. */
import { type Context, isSettled } from '../context.ts';
import { type Citation, cite, claim, weaker } from '../deduction.ts';
import { RATINGS } from '../kernel-generations.ts';
import { outranksTsc } from '../ranking.ts';
import { SYSFS } from '../requests.ts';
import { cause, marked, rule } from './row.ts';
import { byWatchdog } from './watchdog-check.ts';

interface Other {
  readonly name: string;
  readonly evidence: readonly Citation[];
}

/** The source that is current in the place of tsc: stated, or the last that the log switched to (currentByLog()). */
function otherCurrent(c: Context): Other | null {
  if (c.current === null || c.current === 'tsc') return null;
  return { name: c.current, evidence: shownCurrent(c) };
}

function shownCurrent({ facts, current }: Context): Citation[] {
  const shown = facts.current ?? facts.switches.findLast(({ name }) => name === current) ?? null;
  return shown === null ? [] : [cite(shown, `${current} is current`)];
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
        const sure = other === null ? null : outranksTsc(other.name, c);
        if (other === null || sure === null) return null;
        const both = c.available?.includes(other.name) && c.available.includes('tsc');
        const why = both
          ? `${other.name} stands before tsc in the list, which is sorted by rating`
          : `${other.name} has the higher rating (${RATINGS[other.name]} against 300)`;
        return claim(isSettled(c) ? sure : weaker(sure, 'likely'), why, other.evidence);
      }),
    ],
    (c) =>
      c.listed === true
        ? [`If tsc is wanted: echo tsc > ${SYSFS}/current_clocksource, or boot with clocksource=tsc.`]
        : ['If tsc is wanted: boot with clocksource=tsc.'],
  ),
  cause(
    'none',
    [
      rule('registered', 'rest', (c) => {
        if (otherCurrent(c) !== null) return null;
        // That nothing is wrong later on, or that tsc is current, no line of its registration shows.
        return c.current === 'tsc'
          ? claim('certain', 'tsc is current', shownCurrent(c))
          : claim('likely', 'tsc is registered');
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
        return claim('none', 'no kernel of kernel.org gives that reason', [
          cite(mark, 'the reason it gives'),
        ]);
      }),
      rule('never', 'rest', () => claim('none', 'the text does not show why')),
      rule('registered', 'rest', (c) => {
        const other = otherCurrent(c);
        const byHand = c.available?.includes('tsc') === true && c.available.includes(other?.name ?? '');
        const why = byHand
          ? `${other?.name} is current although tsc stands before it in the list, which is sorted by rating: chosen by hand or by a parameter`
          : `${other?.name} is current although its rating is below that of tsc: chosen by hand, or tsc came or left since`;
        return other !== null && claim('none', why, other.evidence);
      }),
    ],
    [],
  ),
];
