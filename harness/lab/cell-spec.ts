/**
 * The cell that every kernel of a search is booted in, as one types it: settings and expectations in the words of a
 * matrix, or MATRIX.yaml#CELL for one that a matrix has. It is read by the matrix language itself.
 */
import { dirname } from 'node:path';
import { UserError } from '../base/errors.ts';
import { firstRepeated } from '../base/repeated.ts';
import { nearest, suggestion } from '../base/suggest.ts';
import { imagesFolder } from '../host/project.ts';
import type { CommitRecipe } from '../kernel/make/commit.ts';
import { DURATION } from '../matrix/duration.ts';
import { loadMatrix, parseMatrix } from '../matrix/load.ts';
import { MatrixError } from '../matrix/problems.ts';
import {
  DEFAULT_GUEST,
  isSetting,
  SETTING_KEYS,
  SETTING_NAMES,
  SETTINGS,
  settingText,
} from '../matrix/settings.ts';
import {
  type ClockExpectation,
  type Expectation,
  type GuestSpec,
  REGISTRATIONS,
  type TestSpec,
} from '../matrix/types.ts';
import { parseYaml } from '../matrix/yaml.ts';
import { makePlan } from '../plan/expand.ts';
import type { Cell } from '../plan/types.ts';

/** What stands for the kernel in the cell. */
export const SUBJECT = 'subject';

export interface CellSpec {
  readonly cell: Cell;
  /** How the kernel of a matrix's cell is built, if it is; null for an inline cell. */
  readonly recipe: CommitRecipe | null;
}

type Raw = Record<string, unknown>;

/**
 * `tests` are run besides those of a matrix's cell. If they are all that was asked, how tsc ended is not: whatever it is, the
 * tests decide. Throws UserError for what is no setting, no expectation, or no cell of that matrix.
 */
export async function readCellSpec(
  text: string,
  expect: readonly string[],
  tests: readonly TestSpec[] = [],
): Promise<CellSpec> {
  const hash = text.lastIndexOf('#');
  if (hash > 0 && !text.slice(0, hash).includes('=')) {
    if (expect.length > 0) {
      throw new UserError(
        '--expect does not go with a cell of a matrix, which has its own expectation',
        'write the cell inline: --cell topology=tcg,hpet=off --expect registration=refined',
      );
    }
    const spec = await cellOfMatrix(text.slice(0, hash), text.slice(hash + 1));
    return { ...spec, cell: withTests(spec.cell, tests) };
  }
  const { settings, rule } = readExpect(expect, readSettings(text));
  const asked = rule ?? (tests.length === 0 ? undefined : { registration: [...REGISTRATIONS] });
  return { cell: inlineCell(settings, asked, tests), recipe: null };
}

async function cellOfMatrix(path: string, wanted: string): Promise<CellSpec> {
  const matrix = await loadMatrix(path);
  const { cells } = makePlan(matrix);
  // The kernel is the search's own, so an id may be given without it if that is clear.
  const named = cells.filter(({ id, kernel }) => id === wanted || id === `${kernel}.${wanted}`);
  const [cell] = named;
  if (cell === undefined) {
    const ids = cells.map(({ id }) => id);
    const hint = suggestion(wanted, ids);
    throw new UserError(
      `--cell: ${path} has no cell ${wanted}`,
      `${hint}; tscmatrix plan ${path} lists them`,
    );
  }
  const different = new Set(named.map(({ expectation }) => expectationWords(expectation).join(' ')));
  if (different.size > 1) {
    const hint = `name one: ${named.map(({ id }) => id).join(', ')}`;
    throw new UserError(`--cell: ${wanted} is expected to show different things for different kernels`, hint);
  }
  const source = matrix.kernels.find(({ name }) => name === cell.kernel)?.source;
  const { guest, expectation } = cell;
  // They are read wherever the search is resumed.
  const own = cell.tests?.map((test) => ({ ...test, root: dirname(matrix.path) }));
  const built = source?.kind === 'build' ? source : null;
  return {
    // A search for what broke it, or mended it, asks for what should be.
    cell: withTests(
      {
        ...inlineCell(guestWords(guest), undefined),
        guest,
        expectation: expectation.known?.otherwise ?? expectation,
      },
      own ?? [],
    ),
    recipe: built === null ? null : recipeOf(built),
  };
}

function withTests({ tests = [], ...cell }: Cell, more: readonly TestSpec[]): Cell {
  const all = [...tests, ...more];
  const twice = firstRepeated(all);
  if (twice !== undefined)
    throw new UserError(
      `--test: the cell has a test called ${twice.name} already`,
      'give another name: --test OTHER=FILE',
    );
  return all.length === 0 ? cell : { ...cell, tests: all };
}

function recipeOf({ kind: _kind, tree: _tree, ...recipe }: CommitRecipe & { kind: string; tree: unknown }) {
  return recipe;
}

/** NAME=VALUE,NAME=VALUE; a comma that no setting's name follows belongs to the value: cpu=max,+invtsc. */
function readSettings(text: string): Raw {
  const settings: Raw = {};
  if (text.trim() === '') return settings;
  const names = SETTING_KEYS.join('|');
  const first = /^\s*([\w-]+)\s*=/.exec(text)?.[1];
  if (first === undefined || !isSetting(first)) {
    const near = first === undefined ? undefined : nearest(first, SETTING_NAMES);
    const known = `settings are ${SETTING_NAMES.join(', ')}`;
    throw new UserError(
      `--cell: ${JSON.stringify(text)} begins with no setting`,
      near === undefined ? `${known}; a matrix's cell is MATRIX.yaml#CELL` : `did you mean ${near}?`,
    );
  }
  for (const part of text.split(new RegExp(`,\\s*(?=(?:${names})=)`))) {
    const at = part.indexOf('=');
    const name = part.slice(0, at).trim();
    const stray = /,\s*([a-z][a-z-]*)=/.exec(part)?.[1];
    if (stray !== undefined && name !== 'cpu' && name !== 'append') {
      const hint = suggestion(stray, SETTING_NAMES);
      throw new UserError(`--cell: ${stray} is no setting`, hint);
    }
    if (Object.hasOwn(settings, name)) throw new UserError(`--cell: ${name} is given twice`);
    const value = part.slice(at + 1).trim();
    settings[name] = /^\d+$/.test(value) ? Number(value) : value;
  }
  return settings;
}

const LISTS = ['registration', 'current'];

/** NAME=VALUE in the words of `expect`, must= and must-not= for messages, margin=TIME, or a map in YAML. */
function readExpect(words: readonly string[], given: Raw): { settings: Raw; rule: Raw | undefined } {
  if (words.length === 0) return { settings: given, rule: undefined };
  const rule: Raw = {};
  const messages: Record<string, unknown[]> = {};
  for (const word of words) {
    if (word.trimStart().startsWith('{')) {
      Object.assign(rule, yamlOf(word, word));
      continue;
    }
    const match = /^\s*([\w-]+)\s*=(.*)$/s.exec(word);
    if (match === null) {
      throw new UserError(
        `--expect ${word}: not of the form NAME=VALUE`,
        'for example registration=refined, current=tsc, accuracy-ppm=50, must=TEXT, must-not=TEXT, margin=10us',
      );
    }
    const [, name = '', value = ''] = match;
    if (name === 'must' || name === 'must-not') messages[name] = [...(messages[name] ?? []), value];
    else if (LISTS.includes(name)) rule[name] = value.split(',').map((one) => one.trim());
    else rule[name] = yamlOf(value, word);
  }
  if (Object.keys(messages).length > 0) rule.messages = { ...(rule.messages as object), ...messages };
  const { margin, ...rest } = rule;
  return {
    settings: margin === undefined ? given : withMargin(given, margin),
    rule: Object.keys(rest).length === 0 ? undefined : rest,
  };
}

/**
 * A margin is the delay of each read of a reference counter at which a kernel stops registering tsc. So one whose margin
 * is above TIME registers it with every read so slow, and one whose margin is not above it does not: one boot tells.
 */
function withMargin(settings: Raw, margin: unknown): Raw {
  const text = typeof margin === 'string' ? margin.trim() : margin;
  const isTime = typeof text === 'number' ? text >= 0 : typeof text === 'string' && MARGIN.test(text);
  if (!isTime) {
    throw new UserError(
      `--expect margin=${String(margin)}: not a time`,
      'a number of ns, or text such as 800ns, 9us or 1.5us: the margin is to be above that',
    );
  }
  if (settings['ref-delay'] !== undefined) {
    throw new UserError(
      '--expect margin= sets ref-delay itself',
      'leave ref-delay out of --cell, or leave the margin out and say registration=refined',
    );
  }
  if ((settings.topology ?? DEFAULT_GUEST.topology) === 'tcg') {
    throw new UserError(
      '--expect margin= needs a guest whose exits can be slow, and one with topology=tcg has none',
      'add topology=nested to --cell, or topology=kvm',
    );
  }
  return { ...settings, 'ref-delay': text };
}

const MARGIN = new RegExp(`^${DURATION}$`);

function yamlOf(text: string, word: string): unknown {
  const { value, problems } = parseYaml(text);
  const [problem] = problems;
  if (problem !== undefined) throw new UserError(`--expect ${word}: ${problem.message}`, problem.hint);
  return value;
}

function inlineCell(settings: Raw, rule: Raw | undefined, tests: readonly TestSpec[] = []): Cell {
  const matrix = {
    version: 1,
    name: 'cell',
    kernels: { [SUBJECT]: { image: SUBJECT } },
    defaults: settings,
    ...(rule === undefined ? {} : { expect: [rule] }),
    // Names that the rule may speak of; a path that was typed may lie anywhere.
    ...(tests.length === 0 ? {} : { tests: tests.map(({ name }) => ({ name, command: ':' })) }),
  };
  try {
    const plan = makePlan(parseMatrix(JSON.stringify(matrix), imagesFolder()));
    const [cell] = plan.cells;
    if (cell === undefined) throw new Error('a matrix of one cell has none');
    return tests.length === 0 ? cell : { ...cell, tests };
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    // Places within a text that nobody typed help nobody: the key says which option it is.
    const [problem] = error.problems;
    const path = problem?.path ?? '';
    const option = path.startsWith('expect') ? '--expect' : '--cell';
    const key = path.replace(/^(?:defaults|expect\[0\])\.?/, '');
    const what = key === '' ? '' : `${key}: `;
    throw new UserError(`${option}: ${what}${problem?.message ?? error.message}`, problem?.hint, {
      cause: error,
    });
  }
}

/** The settings that differ from the documented defaults, as they are typed. */
export function guestWords(guest: GuestSpec): Record<string, string | number> {
  const words: Record<string, string | number> = {};
  for (const name of SETTING_NAMES) {
    const value = guest[SETTINGS[name].field];
    const text = settingText(value);
    if (value === null || text === settingText(DEFAULT_GUEST[SETTINGS[name].field])) continue;
    words[name] = typeof value === 'number' ? value : text;
  }
  return words;
}

/** As --cell takes it. */
export function cellText(guest: GuestSpec): string {
  return Object.entries(guestWords(guest))
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

/** As --expect takes them, one for each option. */
export function expectationWords(expectation: Expectation): string[] {
  const { registration, current, accuracyPpm, offByPpm, reads, clock, messages, tests, numbers } =
    expectation;
  const accuracy = { ...(offByPpm === undefined ? {} : { min: offByPpm }), max: accuracyPpm };
  return [
    `registration=${registration.join(',')}`,
    ...(current === undefined ? [] : [`current=${current.join(',')}`]),
    ...(accuracyPpm === undefined && offByPpm === undefined
      ? []
      : [`accuracy-ppm=${offByPpm === undefined ? accuracyPpm : JSON.stringify(accuracy)}`]),
    ...(reads === undefined ? [] : [`reads=${JSON.stringify(reads)}`]),
    ...(clock === undefined ? [] : [`clock=${JSON.stringify(clockWords(clock))}`]),
    ...(tests === undefined ? [] : [`tests=${JSON.stringify(tests)}`]),
    ...(numbers === undefined ? [] : [`numbers=${JSON.stringify(numbers)}`]),
    ...(messages?.must ?? []).map((text) => `must=${text}`),
    ...(messages?.mustNot ?? []).map((text) => `must-not=${text}`),
  ];
}

function clockWords({ ratePpm, ...rest }: ClockExpectation): object {
  return ratePpm === undefined ? rest : { ...rest, 'rate-ppm': ratePpm };
}
