/** Changes a kernel's spec file as its maintainers do: a build id, a patch among the sources, and its application. */
import { UserError } from '../../base/errors.ts';
import { findLines, isComment, placeBehind, readSpecLines, type SpecLines } from './spec-lines.ts';

interface SpecChange {
  /** File name of the patch in SOURCES. */
  readonly patch: string;
  /** ".tscheck": goes into the release, and with it into uname -r where the spec makes that of it. */
  readonly buildid: string;
}

interface ChangedSpec {
  readonly text: string;
  /** For people: each line that was put in or changed. */
  readonly changes: readonly string[];
}

const PATCH_TAG = /^\s*Patch(\d*)\s*:\s*(\S+)/i;
const BUILDID = /^\s*(?:#\s*|%dnl\s+)?%?(?:define|global)\s+buildid\b/;
const APPLIED =
  'ApplyOptionalPatch, ApplyPatch, %patch, %autosetup, %autopatch, git am %{patches} and %setup';

interface Insertion {
  readonly at: number;
  /** Lines that give way to it. */
  readonly instead: number;
  readonly line: string;
}

/** Throws UserError, whose message is to follow the spec's name, if the spec has no place for a patch. One that it has stays where it is. */
export function changeSpec(text: string, { patch, buildid }: SpecChange): ChangedSpec {
  const spec = readSpecLines(text);
  const tags = findLines(spec, spec.preamble, PATCH_TAG);
  const isDeclared = tags.some((at) => PATCH_TAG.exec(spec.lines[at] ?? '')?.[2] === patch);
  const patched = isDeclared ? [] : patchChange(spec, patch, tags);
  const insertions = [...patched, ...buildidChange(spec, buildid)].filter(
    ({ at, instead, line }) => instead === 0 || line !== spec.lines[at],
  );
  const lines = [...spec.lines];
  // From the end on, so that places stay what they are.
  for (const { at, instead, line } of [...insertions].sort((a, b) => b.at - a.at))
    lines.splice(at, instead, line);
  return {
    text: lines.join('\n'),
    changes: insertions.map(
      ({ at, instead, line }) => `line ${at + 1}: ${line}${instead > 0 ? ' (changed)' : ''}`,
    ),
  };
}

/** Its tag, behind the other patches and with a higher number than any (they are applied in this order, or in that), and its application. */
function patchChange(spec: SpecLines, patch: string, tags: readonly number[]): Insertion[] {
  const { preamble } = spec;
  const numbers = tags.map((at) => Number(PATCH_TAG.exec(spec.lines[at] ?? '')?.[1] || 0));
  // A patch without a number has that of the one before it, and one more.
  const number =
    numbers.length === 0 ? 1000 : Math.max(...numbers) + numbers.filter((one) => one === 0).length + 1;
  const behind = (pattern: RegExp) => placeBehind(spec, preamble, findLines(spec, preamble, pattern));
  const at =
    placeBehind(spec, preamble, tags) ?? behind(/^\s*Source\d*\s*:/i) ?? behind(/^\s*(?:Version|Name)\s*:/i);
  if (at === null) throw new UserError('it names no package: there is no Name, Version, Source or Patch');
  // ApplyPatch() of el7 and later looks for "^PatchN: FILE$".
  return [{ at, instead: 0, line: `Patch${number}: ${patch}` }, ...application(spec, patch, number)];
}

function buildidChange(spec: SpecLines, buildid: string): Insertion[] {
  const define = `%define buildid ${buildid}`;
  const named = spec.lines.flatMap((each, at) => (BUILDID.test(each) ? [at] : []));
  const at = named.find((one) => !isComment(spec.lines[one] ?? '')) ?? named[0];
  if (at !== undefined) return [{ at, instead: 1, line: define }];
  if (/%\{?\??!?\??buildid\b/.test(spec.lines.join('\n'))) return [{ at: 0, instead: 0, line: define }];
  const [release] = findLines(spec, spec.preamble, /^\s*Release\s*:/i);
  if (release === undefined) throw new UserError('it has neither a buildid nor a Release');
  const line = (spec.lines[release] ?? '').trimEnd();
  return [{ at: release, instead: 1, line: line.endsWith(buildid) ? line : `${line}${buildid}` }];
}

/** The manner in which the spec applies its patches, looked for in this order. */
const MANNERS: readonly {
  readonly calls: RegExp;
  /** Undefined: it applies all that are declared. */
  readonly apply?: (patch: string, number: number, call: string) => string;
}[] = [
  { calls: /^\s*ApplyOptionalPatch\s+\S/, apply: (patch) => `ApplyOptionalPatch ${patch}` },
  { calls: /^\s*ApplyPatch\s+\S/, apply: (patch) => `ApplyPatch ${patch}` },
  { calls: /^\s*%\{?autosetup\b(?!.*\s-[A-Za-z]*N)/ },
  { calls: /^\s*%\{?autopatch\b(?!.*\s-[A-Za-z]*[mM])/ },
  { calls: /git am\b.*%\{patches\}/ },
  {
    calls: /^\s*%\{?(?:patch\b|patch\d|autopatch\b)/,
    apply: (_, number, call) =>
      /%\{?patch\d/.test(call) ? `%patch${number} -p1` : `%patch -P ${number} -p1`,
  },
  // In the tree itself: with -c it is a folder below.
  {
    calls: /^\s*%\{?(?:setup|autosetup)\b(?!.*\s-[A-Za-z]*c)/,
    apply: (_, number) => `%patch -P ${number} -p1`,
  },
];

function application(spec: SpecLines, patch: string, number: number): Insertion[] {
  const { prep } = spec;
  if (prep === null) throw new UserError('it has no %prep');
  for (const { calls, apply } of MANNERS) {
    // A function's own line is no call; a call within another function's body is indented behind a brace that is not.
    const places = findLines(spec, prep, calls).filter((at) => !isInFunction(spec, prep.from, at));
    const at = placeBehind(spec, prep, places);
    if (at === null) continue;
    if (apply === undefined) return [];
    return [{ at, instead: 0, line: apply(patch, number, spec.lines[places.at(-1) ?? 0] ?? '') }];
  }
  throw new UserError(
    `its %prep applies patches in a manner that is not known (known are ${APPLIED})`,
    'apply the patch by hand: its Patch tag, and a line of %prep',
  );
}

/** Between "name()" with "{" and the "}" at the beginning of a line. */
function isInFunction({ lines }: SpecLines, from: number, at: number): boolean {
  for (let line = at; line >= from; line -= 1) {
    if (line < at && /^\}/.test(lines[line] ?? '')) return false;
    if (/^\w+\s*\(\)/.test(lines[line] ?? '')) return true;
  }
  return false;
}

/** What can be switched by --with and --without: names that the spec asks for, its changelog left out. */
export function conditionals(text: string): {
  readonly with: ReadonlySet<string>;
  readonly without: ReadonlySet<string>;
} {
  const body = text.split(/^%changelog\b/m)[0] ?? '';
  const names = (pattern: RegExp) => [...body.matchAll(pattern)].map(([, name = '']) => name);
  // %bcond_with NAME makes --with NAME, and %bcond_without --without; %bcond NAME DEFAULT (rpm 4.17) both.
  const both = names(/^\s*%\{?bcond\s+(\w+)/gm);
  return {
    with: new Set([...names(/\b_with_(\w+)/g), ...names(/^\s*%\{?bcond_with\s+(\w+)/gm), ...both]),
    without: new Set([...names(/\b_without_(\w+)/g), ...names(/^\s*%\{?bcond_without\s+(\w+)/gm), ...both]),
  };
}
