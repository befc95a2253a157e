/** Marks that say an outcome or a change without its colour. */
import type { Change } from '../../compare/types.ts';
import type { Outcome } from '../../verdict/types.ts';

export const OUTCOME_MARKS: Readonly<Record<Outcome, string>> = {
  expected: '✓',
  unexpected: '✗',
  flaky: '≈',
  skipped: '–',
  'infra-error': '!',
};

export const CHANGE_MARKS: Readonly<Record<Change, string>> = {
  regressed: '↓',
  flaky: '≈',
  'not-comparable': '?',
  changed: '↔',
  fixed: '↑',
  gone: '−',
  new: '+',
  'evidence-only': '·',
  same: '=',
  identical: '≡',
};

/** The colours of a change are those of an outcome that needs as much of a look. */
export const CHANGE_CLASS: Readonly<Record<Change, string>> = {
  regressed: 'unexpected',
  flaky: 'flaky',
  'not-comparable': 'infra-error',
  changed: 'changed',
  fixed: 'expected',
  gone: 'skipped',
  new: 'changed',
  'evidence-only': 'plain',
  same: 'plain',
  identical: 'plain',
};
