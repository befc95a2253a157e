// The direction of imports: docs/decisions/0001-rooms.md. A room imports only from the rooms named for it here.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const HARNESS = join(import.meta.dirname, '..', 'harness');

/** In the order of the data's way; each may import from those before it, and from host where `host` says so. */
const ORDER = [
  'matrix',
  'plan',
  'kernel',
  'emulator',
  'image',
  'guest',
  'evidence',
  'verdict',
  'record',
  'history',
  'compare',
  'report',
  'run',
  'bisect',
  'sweep',
  'validate',
  'cli',
];
/** Beside a room of the order, and after all that comes before it. */
const BESIDE: Readonly<Record<string, string>> = { doctor: 'run' };
/** Pure rooms: no machine, no files, no clock. */
const PURE = ['plan', 'evidence', 'verdict'];
/** Modules of Node that only compute. */
const PURE_MODULES = ['node:crypto', 'node:zlib'];
/** Packages that one file alone imports. */
const OWNED: Readonly<Record<string, string>> = {
  execa: 'host/process.ts',
  'tmp-promise': 'host/scratch.ts',
  ssh2: 'host/ssh.ts',
  'js-yaml': 'matrix/yaml.ts',
};

interface Import {
  readonly file: string;
  readonly target: string;
}

const files = readdirSync(HARNESS, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(join(HARNESS, file), 'utf8');
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => ({
    file,
    target: match[1] ?? '',
  }));
});

const roomOf = (file: string): string => file.split('/')[0] ?? '';

function targetRoom({ file, target }: Import): string | null {
  return target.startsWith('.') ? roomOf(relative(HARNESS, join(HARNESS, dirname(file), target))) : null;
}

function allowed(from: string, to: string): boolean {
  if (from === to) return true;
  // Errors are words that every room shares.
  if (to === 'host') return true;
  if (from === 'host') return false;
  const place = (room: string): number => ORDER.indexOf(BESIDE[room] ?? room);
  if (place(from) < 0 || place(to) < 0) return false;
  return place(to) < place(from) || (BESIDE[from] !== undefined && place(to) === place(from));
}

test('there is something to check', () => {
  expect(files.length).toBeGreaterThan(60);
  expect(imports.length).toBeGreaterThan(200);
});

test('rooms import only from the rooms before them', () => {
  const wrong = imports.filter((one) => {
    const to = targetRoom(one);
    return to !== null && !allowed(roomOf(one.file), to);
  });
  expect(wrong, 'move the code to the room where it belongs, or pass a value instead').toEqual([]);
});

test('pure rooms touch neither the machine nor the clock', () => {
  const wrong = imports.filter(
    ({ file, target }) =>
      PURE.includes(roomOf(file)) &&
      ((target.startsWith('node:') && !PURE_MODULES.includes(target)) ||
        (/\/host\//.test(target) && !target.endsWith('/host/errors.ts'))),
  );
  expect(wrong).toEqual([]);
  const clocks = files.filter(
    (file) =>
      PURE.includes(roomOf(file)) &&
      /\bDate\.now\(|\bnew Date\(\)|performance\.now\(|Math\.random\(/.test(
        readFileSync(join(HARNESS, file), 'utf8'),
      ),
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
