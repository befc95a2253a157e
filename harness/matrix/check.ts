/**
 * Checks that look at more than one place of a matrix: names that must exist, axes, presets that extend presets.
 * They run on the value as read, sound or not, so that everything wrong is reported at once; whatever is not of
 * the expected kind has been reported by the schema already and is passed over here.
 */
import { globTest, isGlob } from '../base/glob.ts';
import { nearest, suggestion } from '../base/suggest.ts';
import { SIDES } from './exhibit.ts';
import { NAME, NAME_RULE, RESERVED_AXES } from './names.ts';
import type { ProblemList } from './problems.ts';
import {
  isSetting,
  SETTING_NAMES,
  type SettingKey,
  settingName,
  settingOf,
  settingPattern,
} from './settings.ts';
import type { KeyPath } from './yaml.ts';
import { reportIssues } from './zod-problems.ts';

type Raw = Readonly<Record<string, unknown>>;

/** The names that a matrix defines, whether or not their definitions are sound. */
interface Known {
  readonly kernels: readonly string[];
  readonly presets: readonly string[];
  /** Own axes: their value names. */
  readonly custom: ReadonlyMap<string, readonly string[]>;
}

/** Reports what is wrong with the names and combinations in `value`. */
export function checkNames(value: unknown, findings: ProblemList): void {
  const root = mapOf(value);
  const axes = mapOf(root.axes);
  const custom = Object.keys(axes).filter((name) => !isStandardAxis(name));
  const known: Known = {
    kernels: Object.keys(mapOf(root.kernels)),
    presets: Object.keys(mapOf(root.guests)),
    custom: new Map(custom.map((name) => [name, Object.keys(mapOf(axes[name]))])),
  };
  checkOldNames(root, known, findings);
  checkSides(root, known, findings);
  checkPresets(mapOf(root.guests), findings);
  checkAxes(axes, known, findings);
  for (const [index, entry] of listOf(root.include).entries()) {
    checkInclude(mapOf(entry), ['include', index], known, findings);
  }
  for (const [index, entry] of listOf(root.exclude).entries()) {
    if (isEmptyMap(entry)) findings.error(['exclude', index], 'would leave out everything: name a condition');
    checkConditions(mapOf(entry), ['exclude', index], known, findings, value);
  }
  for (const list of ['expect', 'tests'])
    for (const [index, entry] of listOf(root[list]).entries())
      checkConditions(mapOf(mapOf(entry).when), [list, index, 'when'], known, findings, value);
}

/** An exhibit compares two kernels, and nothing else. */
function checkSides({ exhibit }: Raw, { kernels }: Known, findings: ProblemList): void {
  if (exhibit === undefined) return;
  const isSide = (name: string): boolean => SIDES.some((side) => side === name);
  const lacks = SIDES.filter((side) => !kernels.includes(side));
  const more = kernels.filter((name) => !isSide(name));
  if (lacks.length + more.length > 0)
    findings.error(
      ['exhibit'],
      `needs two kernels, named ${SIDES.join(' and ')}; here: ${kernels.join(', ')}`,
    );
}

/** Every map whose keys may be settings: one that says a setting by the name that it had before still means it. */
function checkOldNames(root: Raw, { presets, custom }: Known, findings: ProblemList): void {
  const places: KeyPath[] = [
    ['defaults'],
    ['axes'],
    ...presets.map((name) => ['guests', name]),
    ...[...custom].flatMap(([axis, values]) => values.map((value) => ['axes', axis, value])),
    ...listOf(root.include).map((_, index) => ['include', index]),
    ...listOf(root.exclude).map((_, index) => ['exclude', index]),
    ...['expect', 'tests'].flatMap((list) => listOf(root[list]).map((_, index) => [list, index, 'when'])),
  ];
  for (const path of places) {
    const map = mapOf(path.reduce<unknown>((value, step) => ((value ?? {}) as Raw)[step], root));
    for (const key of Object.keys(map).filter(isSetting)) {
      const name = settingName(key);
      if (name === key) continue;
      if (Object.hasOwn(map, name)) findings.error([...path, key], `${key} is ${name}, which is there too`);
      else
        findings.warn([...path, key], `${key} is called ${name} now; both mean the same`, undefined, 'key');
    }
  }
}

function checkAxes(axes: Raw, known: Known, findings: ProblemList): void {
  for (const [name, values] of Object.entries(axes)) {
    const path = ['axes', name];
    if (!isStandardAxis(name)) checkAxisName(name, values, findings);
    checkRepeats(name, values, path, findings);
    if (name === 'kernel') checkReferences(listOf(values), path, 'kernel', known.kernels, findings);
    if (name === 'guest') checkReferences(listOf(values), path, 'preset', known.presets, findings);
  }
}

function checkAxisName(name: string, values: unknown, findings: ProblemList): void {
  const path = ['axes', name];
  if (RESERVED_AXES.includes(name))
    findings.error(path, `${name} has a meaning of its own: choose another name`, undefined, 'key');
  else if (!NAME.test(name)) findings.error(path, `an axis ${NAME_RULE}`, undefined, 'key');
  const near = meantAxis(name, values);
  if (near !== undefined)
    findings.error(
      path,
      `unknown axis ${JSON.stringify(name)} with a list of values`,
      `did you mean ${near}?`,
      'key',
    );
}

/** A list under an unknown name is most likely a standard axis mistyped: this is the one. */
function meantAxis(name: string, values: unknown): string | undefined {
  return Array.isArray(values) ? nearest(name, ['kernel', 'guest', ...SETTING_NAMES]) : undefined;
}

/** Axes that checkNames() reports as mistyped; that they are not maps is then beside the point. */
export function mistypedAxes(value: unknown): ReadonlySet<string> {
  const entries = Object.entries(mapOf(mapOf(value).axes)).filter(([name]) => !isStandardAxis(name));
  return new Set(
    entries.filter(([name, values]) => meantAxis(name, values) !== undefined).map(([name]) => name),
  );
}

function checkRepeats(name: string, values: unknown, path: KeyPath, findings: ProblemList): void {
  const seen = new Set<string>();
  for (const [index, raw] of listOf(values).entries()) {
    const text = isSetting(name) ? settingPattern(name, raw) : String(raw);
    if (text === undefined) continue;
    if (seen.has(text)) findings.warn([...path, index], `${text} is listed twice`);
    seen.add(text);
  }
}

/** Names or globs, each of which must match something. */
function checkReferences(
  values: readonly unknown[],
  path: KeyPath | ((index: number) => KeyPath),
  what: string,
  known: readonly string[],
  findings: ProblemList,
): void {
  const names = new Set(known);
  const hints = suggester(known);
  for (const [index, raw] of values.entries()) {
    if (typeof raw !== 'string' && typeof raw !== 'number' && typeof raw !== 'boolean') continue;
    const text = String(raw);
    if (isGlob(text) ? known.some(globTest(text)) : names.has(text)) continue;
    const at = typeof path === 'function' ? path(index) : [...path, index];
    const message = isGlob(text)
      ? `no ${what} matches ${text}`
      : `there is no ${what} ${JSON.stringify(text)}`;
    findings.error(at, message, hints(text));
  }
}

function checkInclude(entry: Raw, path: KeyPath, known: Known, findings: ProblemList): void {
  if (Object.keys(entry).length === 0)
    findings.error(path, 'names nothing: an include needs at least one value');
  for (const [name, raw] of Object.entries(entry)) {
    const here = [...path, name];
    const at = (index: number): KeyPath => (Array.isArray(raw) ? [...here, index] : here);
    if (isSetting(name)) continue;
    const values = Array.isArray(raw) ? raw : [raw];
    const names = namesOf(name, known);
    if (names === undefined) reportUnknownAxis(name, here, known, findings);
    else checkReferences(values, at, labelOf(name), names, findings);
  }
}

/** The values that a non-setting axis can have; undefined if there is no such axis. */
function namesOf(name: string, known: Known): readonly string[] | undefined {
  if (name === 'kernel') return known.kernels;
  return name === 'guest' ? known.presets : known.custom.get(name);
}

function labelOf(name: string): string {
  if (name === 'guest') return 'preset';
  return name === 'kernel' ? 'kernel' : `value of ${name} called`;
}

function reportUnknownAxis(name: string, path: KeyPath, known: Known, findings: ProblemList): void {
  const axes = ['kernel', 'guest', ...SETTING_NAMES, ...known.custom.keys()];
  findings.error(path, `unknown axis ${JSON.stringify(name)}`, suggestion(name, axes), 'key');
}

function checkConditions(
  conditions: Raw,
  path: KeyPath,
  known: Known,
  findings: ProblemList,
  root: unknown,
): void {
  for (const [name, raw] of Object.entries(conditions)) {
    const here = [...path, name];
    const isNot = typeof raw === 'object' && raw !== null && !Array.isArray(raw) && Object.hasOwn(raw, 'not');
    const inner = isNot ? mapOf(raw).not : raw;
    const base = isNot ? [...here, 'not'] : here;
    const values = Array.isArray(inner) ? inner : [inner];
    const at = (index: number): KeyPath => (Array.isArray(inner) ? [...base, index] : base);
    if (isSetting(name)) {
      checkSettingPatterns(name, values, at, findings, root);
      continue;
    }
    const names = namesOf(name, known);
    if (names === undefined) reportUnknownAxis(name, here, known, findings);
    else checkReferences(values, at, labelOf(name), names, findings);
  }
}

function checkSettingPatterns(
  name: SettingKey,
  values: readonly unknown[],
  at: (index: number) => KeyPath,
  findings: ProblemList,
  root: unknown,
): void {
  for (const [index, raw] of values.entries()) {
    if (typeof raw === 'object' || raw === undefined || settingPattern(name, raw) !== undefined) continue;
    reportIssues(settingOf(name).schema.safeParse(raw).error?.issues ?? [], root, findings, at(index));
  }
}

function checkPresets(presets: Raw, findings: ProblemList): void {
  const names = Object.keys(presets);
  const hints = suggester(names);
  for (const name of names) {
    const base = mapOf(presets[name]).extends;
    const path = ['guests', name, 'extends'];
    if (typeof base !== 'string') continue;
    if (!Object.hasOwn(presets, base))
      findings.error(path, `there is no preset ${JSON.stringify(base)}`, hints(base));
    else {
      const wrong = wrongChain(name, presets);
      if (wrong !== null) findings.error(path, `the preset ${name} ${wrong}`);
    }
  }
}

/** Presets that extend each other in a row; people get lost in far fewer. */
const CHAIN_MAX = 50;

/** What is wrong with the presets that one rests on; null if nothing is, or if it is said of another one. */
function wrongChain(name: string, presets: Raw): string | null {
  const seen = new Set<unknown>();
  let current: unknown = mapOf(presets[name]).extends;
  while (typeof current === 'string' && Object.hasOwn(presets, current) && !seen.has(current)) {
    if (current === name) return 'extends itself';
    if (seen.size >= CHAIN_MAX) return `rests on more than ${CHAIN_MAX} others in a row`;
    seen.add(current);
    current = mapOf(presets[current]).extends;
  }
  return null;
}

/** So many mistyped names are worth a suggestion each, which takes a look at every known one. */
const SUGGESTIONS_MAX = 50;

function suggester(known: readonly string[]): (word: string) => string | undefined {
  let left = SUGGESTIONS_MAX;
  return (word) => (left-- > 0 ? suggestion(word, known) : undefined);
}

function isStandardAxis(name: string): boolean {
  return name === 'kernel' || name === 'guest' || isSetting(name);
}

function mapOf(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

function isEmptyMap(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
