// The direction of imports: docs/decisions/0001-rooms.md. What each room may import is DEPS, and nothing else.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const HARNESS = join(import.meta.dirname, '..', 'harness');

/** Each room, and the rooms that it may import from. Only rooms above it stand in its list. */
const DEPS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  evidence: ['base'],
  host: ['base'],
  matrix: ['base', 'host'],
  plan: ['base', 'matrix'],
  kernel: ['base', 'host', 'matrix'],
  guest: ['base', 'evidence', 'host', 'matrix'],
  verdict: ['base', 'evidence', 'guest', 'matrix'],
  image: ['base', 'host', 'kernel', 'matrix'],
  lab: ['base', 'evidence', 'guest', 'host', 'image', 'kernel', 'matrix', 'plan', 'verdict'],
  record: ['base', 'guest', 'host', 'matrix', 'plan', 'verdict'],
  history: ['base', 'host', 'plan', 'record', 'verdict'],
  compare: ['base', 'matrix', 'plan', 'record', 'verdict'],
  doctor: ['base', 'evidence', 'guest', 'host', 'image', 'kernel', 'lab', 'matrix', 'record', 'verdict'],
  diagnose: ['base', 'evidence', 'host', 'verdict'],
  bisect: ['base', 'evidence', 'guest', 'host', 'kernel', 'lab', 'matrix', 'plan', 'verdict'],
  report: ['base', 'compare', 'evidence', 'guest', 'history', 'host', 'matrix', 'plan', 'record', 'verdict'],
  run: [
    'base',
    'evidence',
    'guest',
    'host',
    'image',
    'kernel',
    'lab',
    'matrix',
    'plan',
    'record',
    'report',
    'verdict',
  ],
  sweep: ['base', 'guest', 'host', 'kernel', 'lab', 'matrix', 'plan', 'report', 'verdict'],
  validate: [
    'base',
    'guest',
    'host',
    'kernel',
    'lab',
    'matrix',
    'plan',
    'record',
    'report',
    'run',
    'verdict',
  ],
  audit: ['base', 'host', 'kernel', 'lab', 'matrix', 'plan', 'record', 'report', 'run', 'verdict'],
  cli: [
    'audit',
    'base',
    'bisect',
    'compare',
    'diagnose',
    'doctor',
    'evidence',
    'guest',
    'history',
    'host',
    'image',
    'kernel',
    'lab',
    'matrix',
    'plan',
    'record',
    'report',
    'run',
    'sweep',
    'validate',
    'verdict',
  ],
};
/** Jobs: none imports another, but those that make a run. */
const JOBS = ['doctor', 'diagnose', 'bisect', 'run', 'sweep', 'validate', 'audit'];
const RUN_MAKERS = ['validate', 'audit'];
/** Pure rooms: no machine, no files, no clock. */
const PURE = ['base', 'plan', 'evidence', 'verdict'];
/** Modules of Node that only compute. */
const PURE_MODULES = ['node:crypto', 'node:zlib'];
/** Packages that one file alone imports. */
const OWNED: Readonly<Record<string, string>> = {
  execa: 'host/process.ts',
  'tmp-promise': 'host/scratch.ts',
  ssh2: 'host/ssh.ts',
  'js-yaml': 'matrix/yaml.ts',
};
/** No file is longer. */
const LINES = 300;
/** No command knows more modules than these: what it does is its room's. */
const CLI_IMPORTS = 12;
/** What text for people is made with; cli renders nothing (docs/decisions/0016-who-renders.md). */
const RENDERING = [
  'base/table.ts',
  'base/figures.ts',
  'cli-table3',
  'node:util',
  'string-width',
  'wrap-ansi',
];

interface Import {
  readonly file: string;
  readonly target: string;
}

const files = readdirSync(HARNESS, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const texts = new Map(files.map((file) => [file, readFileSync(join(HARNESS, file), 'utf8')]));
// Types too: a type that two files need from each other is a third file's.
const imports: Import[] = files.flatMap((file) =>
  [...(texts.get(file) ?? '').matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => ({
    file,
    target: match[1] ?? '',
  })),
);

const roomOf = (file: string): string => file.split('/')[0] ?? '';

function targetFile({ file, target }: Import): string | null {
  return target.startsWith('.') ? relative(HARNESS, join(HARNESS, dirname(file), target)) : null;
}

test('there is something to check', () => {
  expect(files.length).toBeGreaterThan(60);
  expect(imports.length).toBeGreaterThan(200);
  expect([...new Set(files.map(roomOf))].sort()).toEqual(Object.keys(DEPS).sort());
});

test('a room imports only what its list allows', () => {
  const wrong = imports.flatMap((one) => {
    const target = targetFile(one);
    if (target === null) return [];
    const [from, to] = [roomOf(one.file), roomOf(target)];
    return from === to || DEPS[from]?.includes(to) === true ? [] : [`${one.file} imports ${target}`];
  });
  expect(
    wrong,
    'Move the code to the room that both may import (CONTRIBUTING.md lists them), or pass a value instead; ' +
      'a new arrow between rooms is a line in DEPS of this file, and only to a room above',
  ).toEqual([]);
});

test('the lists of rooms go one way, and jobs stand side by side', () => {
  const order = Object.keys(DEPS);
  for (const [room, deps] of Object.entries(DEPS)) {
    for (const dep of deps) {
      expect(order.indexOf(dep), `${room} may not import ${dep}: it stands below`).toBeLessThan(
        order.indexOf(room),
      );
    }
    if (JOBS.includes(room))
      expect(
        deps.filter((dep) => JOBS.includes(dep)),
        `${room} is a job: what it shares with another belongs to lab`,
      ).toEqual(RUN_MAKERS.includes(room) ? ['run'] : []);
  }
});

test('no file imports itself by way of others', () => {
  const next = new Map<string, string[]>();
  for (const one of imports) {
    const target = targetFile(one);
    if (target !== null) next.set(one.file, [...(next.get(one.file) ?? []), target]);
  }
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push([...path.slice(at), file].join(' > '));
    if (at >= 0 || done.has(file)) return;
    for (const target of next.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles, 'give what both need a file of its own, types too').toEqual([]);
});

test('files stay small', () => {
  const long = [...texts].flatMap(([file, text]) => {
    const lines = text.split('\n').length - 1;
    return lines > LINES ? [`${file}: ${lines} lines`] : [];
  });
  expect(long, `no file over ${LINES} lines: part it by topic`).toEqual([]);
});

test('a command hands its work to a room', () => {
  const many = files
    .filter((file) => roomOf(file) === 'cli')
    .flatMap((file) => {
      const count = new Set(imports.filter((one) => one.file === file).map(({ target }) => target)).size;
      return count > CLI_IMPORTS ? [`${file}: ${count} modules`] : [];
    });
  expect(many, `no file of cli/ imports more than ${CLI_IMPORTS} modules: move its work to a room`).toEqual(
    [],
  );
});

test('cli renders nothing', () => {
  const wrong = imports.filter(
    (one) => roomOf(one.file) === 'cli' && RENDERING.includes(targetFile(one) ?? one.target),
  );
  expect(wrong, 'report/ renders what is stored, a job its own result; cli writes what it is given').toEqual(
    [],
  );
});

test('pure rooms touch neither the machine nor the clock', () => {
  const wrong = imports.filter(
    ({ file, target }) =>
      PURE.includes(roomOf(file)) && target.startsWith('node:') && !PURE_MODULES.includes(target),
  );
  expect(wrong).toEqual([]);
  const clocks = files.filter(
    (file) =>
      PURE.includes(roomOf(file)) &&
      /\bDate\.now\(|\bnew Date\(\)|performance\.now\(|Math\.random\(/.test(texts.get(file) ?? ''),
  );
  expect(clocks).toEqual([]);
});

test('a package of the machine has one file that imports it', () => {
  const wrong = imports.filter(({ file, target }) => OWNED[target] !== undefined && OWNED[target] !== file);
  expect(wrong).toEqual([]);
  for (const [name, owner] of Object.entries(OWNED)) {
    expect(
      imports.some(({ file, target }) => file === owner && target === name),
      `${owner} imports ${name}`,
    ).toBe(true);
  }
});
