/** tsc was registered: at its initcall, or by the delayed work that gave up refining? */
import { MIN_REFINEMENT_S } from '../base/kernel-constants.ts';
import type { Registration } from '../matrix/types.ts';
import type { Context } from './context.ts';
import { cite, type Deduction, found, missing, REFINED_LINE, weaker } from './deduction.ts';

import { atInitcallOrLater } from './initcall.ts';

type Rule = (c: Context) => Deduction<Registration> | null;

/** clocksource.c __clocksource_update_freq_scale(): says that tsc was registered; when tells how. */
export const registeredLine: Rule = (c) => {
  const line = c.facts.registered.find((r) => r.name === 'tsc');
  if (line === undefined) return null;
  const registered = cite(line, 'tsc was registered');
  const lack = missing(REFINED_LINE, 'no refinement was printed before the registration');
  const noRefined = c.refinedWouldShow || c.facts.shape.beginsAtBoot;
  const when = atInitcallOrLater(c, line);
  if (when !== null)
    return found(
      when.value,
      noRefined ? when.confidence : weaker(when.confidence, 'likely'),
      [registered, ...when.evidence, lack],
      when.why,
    );
  if (c.era?.kvmKnowsFrequency === true && c.facts.kvmClock.length > 0)
    return found(
      'known-frequency',
      'likely',
      [registered, lack],
      'tsc was registered without a refined line, and kvm-clock of this kernel marks the frequency as known',
    );
  return found(
    'undetermined',
    'none',
    [registered],
    'tsc was registered; the text does not tell whether at initcall or after a refinement that gave up',
  );
};

/** Listed, and nothing says when: kernels before 4.1 print no registration. */
export const listed: Rule = (c) => {
  if (c.listed !== true) return null;
  const { facts } = c;
  const list = facts.available === null ? [] : [cite(facts.available, 'tsc is listed')];
  if (!c.refinedWouldShow)
    return (
      listedSoon(c) ??
      found('undetermined', 'none', list, 'tsc is listed, but the text does not show how it was registered')
    );
  const lack = missing(REFINED_LINE, 'tsc is listed, yet no refinement was printed');
  const seen = atFirstPoll(c);
  if (seen !== null) return { ...seen, evidence: [...list, ...seen.evidence, lack] };
  if (facts.syncSkipped !== null && !facts.parameters.includes('tsc=reliable'))
    return found(
      'known-frequency',
      'likely',
      [
        ...list,
        cite(
          facts.syncSkipped,
          'TSC_RELIABLE is set: up to 4.9 and in RHEL 7 that registers tsc at initcall',
        ),
        lack,
      ],
      'tsc is listed without refinement, and the TSC counts as reliable, which registers it at once',
    );
  if (c.era?.kvmKnowsFrequency === true && (facts.kvmClock.length > 0 || c.available?.includes('kvm-clock')))
    return found(
      'known-frequency',
      'likely',
      [...list, lack],
      'tsc is listed without refinement, and kvm-clock of this kernel marks the frequency as known',
    );
  if (facts.shape.kind === 'whole' && facts.references.hpet === null && facts.references.pmTimer === null)
    return found(
      'unrefined',
      'likely',
      [...list, lack],
      'tsc is listed without refinement, and there is no reference counter to refine against',
    );
  return found(
    'undetermined',
    'none',
    [...list, lack],
    'tsc is listed without refinement; the text does not tell whether its frequency was known or refinement gave up',
  );
};

/** Sooner than a refinement can end: after a message that comes before the initcall, without a log after the clock's start. */
function listedSoon({ watched, facts }: Context): Deduction<Registration> | null {
  const before = facts.beforeInit.at(-1)?.timeS ?? (facts.shape.kind === 'none' ? 0 : null);
  if (watched?.firstListedS == null || before === null) return null;
  if (watched.firstListedS + (watched.logAheadS ?? 0) - before >= MIN_REFINEMENT_S) return null;
  return found(
    'known-frequency',
    'certain',
    [],
    'tsc was listed less than a second after the initcalls began, sooner than any refinement can end',
  );
}

/** Polls by the probe date the registration if the log does not. */
function atFirstPoll(c: Context): Deduction<Registration> | null {
  const { watched } = c;
  if (watched?.firstListedS == null || watched.firstPollS === null) return null;
  // Up to 4.14 a source is not listed before its watchdog has passed it, half a second later: clocksource_enqueue_watchdog().
  const soon = listedSoon(c);
  if (soon !== null) return soon;
  if (watched.firstListedS > watched.firstPollS)
    return found(
      'unrefined',
      'likely',
      [],
      'tsc was not listed when the initcalls were done, came later, and no refinement was printed',
    );
  return null;
}
