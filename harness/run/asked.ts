/** For which day a run's cells are judged: that of its start, also when it is resumed or judged again later. */
import type { Cell } from '../plan/types.ts';
import type { RunView } from '../record/run-view.ts';
import type { Asked } from '../verdict/known-issue.ts';

export function askedOf({ expectation }: Cell, { started }: RunView): Asked {
  return { expectation, day: started?.at.slice(0, 10) ?? '' };
}
