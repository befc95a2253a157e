/** A shell script that repeats an answer, or the whole search: all it needs besides the program and the commits is in it. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { oneLine } from '../base/safe-text.ts';
import { shellQuote } from '../base/shell.ts';
import { pathsBelow, readBelow, readNamed } from '../host/inside.ts';
import { projectFolder } from '../host/project.ts';
import { readSeries } from '../kernel/patch/series.ts';
import { guestWords, SUBJECT } from '../lab/cell-spec.ts';
import { selftestOf } from '../lab/make-ready.ts';
import { NAME, NAME_LENGTH } from '../matrix/names.ts';
import type { BuildSource, Expectation, KernelSource } from '../matrix/types.ts';
import { cellId } from '../plan/cell-id.ts';
import type { SearchSpec } from './entries.ts';
import type { SearchResult } from './run-search.ts';
import { NOT_TESTED } from './state.ts';

/** A file that the script writes into its scratch folder. */
interface Part {
  readonly name: string;
  readonly content: Buffer;
}

export async function scriptOf(result: SearchResult, answer: string): Promise<string> {
  const { spec, end, subjects, state } = result;
  const parts: Part[] = [];
  const add = async (path: string): Promise<string> => {
    const name = `${parts.length + 1}-${basename(path)}`;
    parts.push({ name, content: await readNamed(path) });
    return name;
  };
  const matrix = {
    version: 1,
    name: 'again',
    kernels: await kernelsOf(spec, add, parts),
    defaults: guestWords(spec.cell.guest),
    expect: [ruleOf(spec.cell.expectation)],
    tests: await testsOf(spec, parts),
  };
  parts.push({ name: 'again.yaml', content: Buffer.from(`${JSON.stringify(matrix, null, 2)}\n`) });
  const first = Object.keys(matrix.kernels)[0] ?? SUBJECT;
  const id = cellId(first, spec.cell.guest);
  const found = end.kind === 'found' ? end.id : null;
  const checks =
    found === null
      ? ['echo "the search found no single answer; use: sh $0 search" >&2', 'exit 2']
      : [...subjects.search.parents(found), found]
          // A parent that cannot be tested was not.
          .filter((one) => one === found || !state.seen.skipped.has(one))
          .map((one) => checkLine(one, one === found, result));
  const launcher = join(projectFolder(), 'tscmatrix');
  const repository = spec.subjects.kind === 'commits' ? spec.subjects.repository : '';
  return [
    '#!/bin/sh',
    `# ${oneLine(answer)}`,
    '#   sh again.sh          boots the answer and what comes before it, once each',
    '#   sh again.sh search   the whole search',
    'set -eu',
    `tscmatrix=\${TSCMATRIX:-${shellQuote(existsSync(launcher) ? launcher : 'tscmatrix')}}`,
    ...(repository === '' ? [] : [`repo=\${REPO:-${shellQuote(repository)}}`]),
    'dir=$(mktemp -d)',
    'trap \'rm -rf "$dir"\' EXIT',
    // Not every sh runs that one when it is interrupted.
    "trap 'exit 130' HUP INT TERM",
    ...parts.map(partText),
    `cell="$dir/again.yaml#${id}"`,
    'check() {',
    '\twanted=$1 name=$2; shift 2',
    `\tcode=0; "$tscmatrix" probe --cell "$cell" ${bootWords(spec)} "$@" || code=$?`,
    '\t[ $code = $wanted ] && { echo "$name: as in the search"; return; }',
    '\techo "$name: exit code $code instead of $wanted"; exit 1',
    '}',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's.
    'case ${1:-answer} in',
    'answer)',
    ...checks.map((line) => `\t${line}`),
    '\t;;',
    'search)',
    `\t"$tscmatrix" bisect --cell "$cell" ${bootWords(spec)} ${searchWords(spec)}`,
    '\t;;',
    'esac',
    '',
  ].join('\n');
}

/** How guests are booted, besides what they are. */
function bootWords({ qemu, timeoutS }: SearchSpec): string {
  return `--qemu ${shellQuote(qemu)} --timeout ${timeoutS}s`;
}

/** The files of the tests become parts, those of a folder in a folder of the script's. */
async function testsOf({ cell: { tests = [] } }: SearchSpec, parts: Part[]): Promise<object[] | undefined> {
  const words: object[] = [];
  for (const test of tests) {
    const { name, path, root = '', command, run, args, timeoutMs } = test;
    const timeout = `${timeoutMs}ms`;
    const program = await selftestOf(test);
    if (program !== null) {
      const file = `${parts.length + 1}-${name}`;
      parts.push({ name: file, content: program });
      words.push({ name, file, args, timeout });
      continue;
    }
    if (path === undefined) {
      words.push({ name, command, timeout });
      continue;
    }
    const full = resolve(root, path);
    const place = `${parts.length + 1}-${basename(full)}`;
    const isFolder = (await stat(full)).isDirectory();
    for (const own of isFolder ? await pathsBelow(full) : [])
      parts.push({ name: `${place}/${own}`, content: await readBelow(full, own) });
    if (!isFolder) parts.push({ name: place, content: await readNamed(full) });
    words.push({
      name,
      [isFolder ? 'folder' : 'file']: place,
      ...(run === undefined ? {} : { run }),
      args,
      timeout,
    });
  }
  return words.length === 0 ? undefined : words;
}

function checkLine(id: string, isNew: boolean, { spec, state }: SearchResult): string {
  const met = (state.met ?? 'old') === (isNew ? 'new' : 'old');
  const words =
    spec.subjects.kind === 'commits'
      ? `--repo "$repo" --commit ${id}`
      : `"$dir/again.yaml#${nameOf(id, spec)}"`;
  // If a guest that does not come up was an answer, it is one again.
  const isFailure =
    state.subjects.get(id)?.boots.some(({ verdict }) => NOT_TESTED.includes(verdict)) === true;
  return `check ${met ? 0 : 1} ${shellQuote(id)} ${words}${isFailure ? ' --failure bad' : ''}`;
}

function searchWords(spec: SearchSpec): string {
  const { subjects, met, confidence } = spec;
  const [old, last] = met === 'new' ? ['--old', '--new'] : ['--good', '--bad'];
  const [first, end] = [nameOf(subjects.old, spec), nameOf(subjects.new, spec)];
  const ends = `${old} ${shellQuote(first)} ${last} ${shellQuote(end)}`;
  const odds = `--confidence ${confidence}`;
  if (subjects.kind === 'kernels')
    return `--kernels "$dir/again.yaml" ${met === null ? '' : `${ends} `}${odds}`;
  const words = [
    '--repo "$repo"',
    ends,
    odds,
    ...(subjects.firstParent ? ['--first-parent'] : []),
    ...subjects.skip.map((id) => `--skip ${id}`),
    ...(subjects.paths.length === 0 ? [] : ['--', ...subjects.paths.map(shellQuote)]),
  ];
  return words.join(' ');
}

/** As a here document if the text allows it, else as base64. */
function partText({ name, content }: Part): string {
  const text = content.toString('utf8');
  const isPlain = Buffer.from(text).equals(content) && text.endsWith('\n') && !text.includes('\0');
  const end = 'END_OF_PART';
  const folder = dirname(name) === '.' ? '' : `mkdir -p "$dir"/${shellQuote(dirname(name))}\n`;
  if (isPlain && !text.includes(end))
    return `${folder}cat > "$dir"/${shellQuote(name)} <<'${end}'\n${text}${end}`;
  return `${folder}base64 -d > "$dir"/${shellQuote(name)} <<'${end}'\n${content.toString('base64')}\n${end}`;
}

type Add = (path: string) => Promise<string>;

async function kernelsOf(spec: SearchSpec, add: Add, parts: Part[]): Promise<Record<string, object>> {
  if (spec.subjects.kind === 'commits') {
    // The tree is the search's own; what counts is how it is built.
    const kernel = await buildWords({ ...spec.subjects.recipe, kind: 'build', tree: NO_TREE }, add, parts);
    return { [SUBJECT]: kernel };
  }
  const kernels: Record<string, object> = {};
  const { kernels: entries } = spec.subjects;
  for (const { name, source } of entries) kernels[nameOf(name, spec)] = await kernelWords(source, add, parts);
  return kernels;
}

/** A kernel's name in the script's matrix: files and PACKAGE@SUITE may be called what no kernel of a matrix may. */
function nameOf(id: string, { subjects }: SearchSpec): string {
  if (subjects.kind === 'commits' || subjects.kernels.every(({ name }) => isName(name))) return id;
  const place = subjects.kernels.findIndex(({ name }) => name === id) + 1;
  const plain = id.replaceAll(/[^\w.+-]+/g, '-').replaceAll(/\.{2,}/g, '.');
  return `${place}-${plain.slice(0, NAME_LENGTH - 8)}`.replace(/\.$/, '');
}

const isName = (name: string): boolean => NAME.test(name) && name.length <= NAME_LENGTH;

const NO_TREE = { kind: 'git', location: '.', ref: 'HEAD' } as const;

async function kernelWords(source: KernelSource, add: Add, parts: Part[]): Promise<object> {
  switch (source.kind) {
    case 'image':
      return { image: source.path, sha256: source.sha256 };
    case 'deb':
    case 'rpm':
      return { [source.kind]: source.location, sha256: source.sha256 };
    case 'debian':
      return { debian: source.package, suite: source.suite };
    case 'build':
      return buildWords(source, add, parts);
  }
}

/** A build in the words of a matrix; every file that it names becomes a part of the script. */
async function buildWords(source: BuildSource, add: Add, parts: Part[]): Promise<object> {
  const { tree, series, config } = source;
  const { wrappers: programs, extraFiles, make, arch, ...words } = source.toolchain;
  const patches: string[] = [];
  for (const patch of series === undefined ? [] : await readSeries(series.file, series.variant)) {
    const name = `${parts.length + 1}-${basename(patch.name)}`;
    parts.push({ name, content: patch.content });
    patches.push(name);
  }
  for (const path of source.patches) patches.push(await add(path));
  const { base } = config;
  const fragments: string[] = [];
  for (const path of config.fragments) fragments.push(await add(path));
  const wrappers: Record<string, string> = {};
  for (const [name, path] of Object.entries(programs)) wrappers[name] = await add(path);
  const extra: Record<string, unknown> = {};
  for (const [name, file] of Object.entries(extraFiles)) {
    extra[name] = 'path' in file ? await add(file.path) : file;
  }
  return {
    source: treeWords(tree),
    patches,
    'cherry-pick': source.cherryPick,
    fuzz: source.fuzz,
    config: {
      base:
        base.kind === 'guest'
          ? 'guest'
          : base.kind === 'file'
            ? { file: await add(base.path) }
            : { deb: base.location, sha256: base.sha256 },
      fragments,
      set: config.set,
    },
    toolchain: {
      ...Object.fromEntries(Object.entries(words).filter(([, list]) => list.length > 0)),
      arch,
      make,
      wrappers,
      'extra-files': extra,
    },
  };
}

function treeWords(tree: BuildSource['tree']): object {
  switch (tree.kind) {
    case 'git':
      return { git: tree.location, ref: tree.ref };
    case 'directory':
      return { directory: tree.path };
    case 'debian':
      return { debian: tree.package, suite: tree.suite };
    default:
      return { [tree.kind]: tree.location, sha256: tree.sha256 };
  }
}

/** An expectation as a rule of a matrix. What is undefined is not written. */
function ruleOf({
  registration,
  current,
  accuracyPpm,
  offByPpm,
  reads,
  messages,
  tests,
  numbers,
}: Expectation): object {
  const filled = (texts: readonly string[]) => (texts.length === 0 ? undefined : texts);
  return {
    registration,
    current,
    'accuracy-ppm': offByPpm === undefined ? accuracyPpm : { min: offByPpm, max: accuracyPpm },
    reads,
    tests,
    numbers,
    messages: messages && { must: filled(messages.must), 'must-not': filled(messages.mustNot) },
  };
}
