/** Brings the events of older records up to the current version, one version at a time. */
import { RECORD_VERSION } from './types.ts';

type RawEvent = Readonly<Record<string, unknown>>;
/** Gives the events that one event of version N becomes in version N + 1; none if it has no counterpart. */
type UpgradeStep = (event: RawEvent) => readonly RawEvent[];

/** By the version a step starts from. Version 1 is the first, so there is none yet. */
const STEPS: Readonly<Record<number, UpgradeStep>> = {};

/** Upgrades one event from `version` to `target`. */
export function upgradeEvent(
  event: RawEvent,
  version: number,
  steps: Readonly<Record<number, UpgradeStep>> = STEPS,
  target: number = RECORD_VERSION,
): readonly RawEvent[] {
  let events: readonly RawEvent[] = [event];
  for (let from = version; from < target; from++) {
    const step = steps[from];
    if (step === undefined) throw new Error(`no step leads from record version ${from} to ${from + 1}`);
    events = events.flatMap(step);
  }
  return events;
}
