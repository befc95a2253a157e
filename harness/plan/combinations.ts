/** Every combination of the values of some axes: the guest that it makes, and what is impossible about it. */
import { settingText } from '../matrix/settings.ts';
import type { Axis, AxisValue, GuestSpec } from '../matrix/types.ts';

type Field = keyof GuestSpec;

/** The value of an axis that was chosen in a combination. */
export interface Choice {
  readonly axis: string;
  readonly value: AxisValue;
}

export interface Combination {
  /** In the order of the axes. Reused between calls: copy what is to be kept. */
  readonly choices: readonly Choice[];
  readonly guest: GuestSpec;
  /** Which choice decided a setting; absent if `base` did. */
  readonly decidedBy: ReadonlyMap<Field, Choice>;
  readonly clash: Clash | undefined;
}

/** Two axes that want a setting to have different values. */
interface Clash {
  readonly field: Field;
  readonly first: Choice;
  readonly second: Choice;
}

interface State {
  readonly guest: GuestSpec;
  readonly decidedBy: ReadonlyMap<Field, Choice>;
  readonly clash: Clash | undefined;
}

/** How many combinations the axes have. */
export function countCombinations(axes: readonly Axis[]): number {
  return axes.reduce((product, { values }) => product * values.length, 1);
}

/** Calls `visit` for every combination, the last axis varying fastest. */
export function forEachCombination(
  base: GuestSpec,
  axes: readonly Axis[],
  visit: (combination: Combination) => void,
): void {
  const choices: Choice[] = [];
  const choicesOf = axes.map(({ name, values }) => values.map((value) => ({ axis: name, value })));
  const walk = (depth: number, state: State): void => {
    const options = choicesOf[depth];
    if (options === undefined) visit({ choices, ...state });
    for (const choice of options ?? []) {
      choices[depth] = choice;
      walk(depth + 1, choose(state, choice));
    }
  };
  walk(0, { guest: base, decidedBy: new Map(), clash: undefined });
}

function choose(state: State, choice: Choice): State {
  const fields = Object.keys(choice.value.settings) as Field[];
  if (fields.length === 0) return state;
  const decidedBy = new Map(state.decidedBy);
  let { clash } = state;
  for (const field of fields) {
    const first = decidedBy.get(field);
    if (first !== undefined && textIn(first, field) !== textIn(choice, field)) {
      clash ??= { field, first, second: choice };
    }
    decidedBy.set(field, choice);
  }
  return { guest: { ...state.guest, ...choice.value.settings }, decidedBy, clash };
}

/** The canonical text, for a value may be an object. */
function textIn({ value }: Choice, field: Field): string {
  return settingText(value.settings[field] ?? null);
}
