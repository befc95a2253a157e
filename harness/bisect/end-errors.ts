/** Ends between which there is nothing to search, as errors that say what was seen. */
import { UserError } from '../base/errors.ts';
import type { End } from './decide.ts';
import type { SearchResult } from './run-search.ts';

/** The error of a search that had no usable ends, or null if it has an answer. */
export function endError({ end, spec, subjects, state }: SearchResult): UserError | null {
  const met = state.met ?? 'old';
  const { old, new: last } = spec.subjects;
  const isBreak = met === 'old';
  const names = isBreak ? { old: 'good', new: 'bad' } : { old: 'old', new: 'new' };
  const reason = (id: string): string => {
    const subject = state.subjects.get(id);
    return subject?.skipped?.reason ?? subject?.boots.at(-1)?.reason ?? 'not booted';
  };
  const said = (side: 'old' | 'new'): string => {
    const id = side === 'old' ? old : last;
    return `the ${names[side]} end ${subjects.name(id)}: ${reason(id)}`;
  };
  switch (end.kind) {
    case 'wrong-ends':
      return wrongEnds(end, said, isBreak, names);
    case 'same-ends':
      return new UserError(
        `both ends are the same kernel, byte for byte (${subjects.name(old)} and ${subjects.name(last)})`,
        'nothing between them makes a difference with this configuration: is what changed built into it?',
      );
    case 'untestable-end':
      return new UserError(
        `${end.id === old ? `the ${names.old}` : `the ${names.new}`} end ${subjects.name(end.id)} cannot be tested: ${reason(end.id)}`,
        'name another commit near it',
      );
    case 'unclear-end':
      return new UserError(
        `the boots of ${subjects.name(end.id)} do not agree on which side it is on: ${reason(end.id)}`,
        'choose an expectation that this end clearly meets or fails, or clock=deterministic',
      );
    case 'new-base':
      return new UserError(
        `${subjects.name(end.id)}, the common ancestor of both ends, is on the side of the ${names.new} end: ${reason(end.id)}`,
        `so the difference was made on the ${names.old} end's own branch: search between that ancestor and the ${names.old} end`,
      );
    default:
      return null;
  }
}

function wrongEnds(
  end: Extract<End, { kind: 'wrong-ends' }>,
  said: (side: 'old' | 'new') => string,
  isBreak: boolean,
  names: { readonly old: string; readonly new: string },
): UserError {
  const both = `\n  ${said('old')}\n  ${said('new')}`;
  if (end.old === 'new' && end.new === 'old') {
    return new UserError(
      `the ends are swapped: the ${names.old} end is ${isBreak ? 'not as expected, and the bad one is' : 'as expected, and the new one is not'}:${both}`,
      isBreak
        ? 'to find what fixed it, give them as --old and --new'
        : 'to find what broke it, give them as --good and --bad',
    );
  }
  const wrong = end.old === 'new' ? names.old : names.new;
  const both_ =
    end.old === 'new' ? 'both are on the other side' : `both are on the side of the ${names.old} end`;
  return new UserError(
    `the ${wrong} end is not ${wrong}: ${both_}:${both}`,
    'check the expectation with: tscmatrix probe, or choose an end further away',
  );
}
