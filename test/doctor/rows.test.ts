import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HostFault, UserError } from '../../harness/base/errors.ts';
import { type Check, Unavailable } from '../../harness/doctor/context.ts';
import { conclude, findingOfFault } from '../../harness/doctor/examine.ts';
import { tcgResult } from '../../harness/doctor/guests.ts';
import { memoryResult, nodeResult, roomResult } from '../../harness/doctor/host.ts';
import { examinationText } from '../../harness/doctor/text.ts';
import type { Row } from '../../harness/doctor/types.ts';
import { installCommand, localHint, managerOf } from '../../harness/host/packages.ts';
import type { Observation } from '../../harness/verdict/types.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const on = (osRelease: string, isRoot = true) => ({ manager: managerOf(osRelease), isRoot });
const ROOT = on('ID=debian\n');
const PLAIN = { colour: false, columns: undefined };

function row(more: Partial<Row>): Row {
  return {
    topic: 'tools',
    name: 'flex',
    needed: 'always',
    status: 'ok',
    found: 'found',
    remedy: null,
    packages: [],
    ...more,
  };
}

const CHECK: Check = {
  topic: 'tools',
  name: 'flex',
  needed: 'for building kernels',
  packages: ['flex'],
  find: () => Promise.reject(new Error('not called here')),
};

test('only what is needed always decides whether this host will do', () => {
  const kvm = row({ needed: 'for kvm', status: 'unusable' });
  expect(conclude([row({}), kvm], ROOT).ok).toBe(true);
  for (const status of ['missing', 'unusable', 'unknown'] as const) {
    expect(conclude([row({ status }), kvm], ROOT).ok).toBe(false);
  }
});

test('one command installs all that is missing, each package once', () => {
  const rows = [row({ packages: ['gcc', 'flex'] }), row({ packages: ['bc', 'gcc'] }), row({})];
  expect(conclude(rows, ROOT).install).toBe('apt-get install -y --no-install-recommends bc flex gcc');
  expect(conclude([row({})], ROOT).install).toBeNull();
  expect(installCommand(['bc'], on('ID=debian', false))).toMatch(/^sudo apt-get install /);
});

test.each([
  ['ID=debian', 'apt-get install -y --no-install-recommends libelf-dev xz-utils'],
  ['ID=linuxmint\nID_LIKE="ubuntu debian"', 'apt-get install -y --no-install-recommends libelf-dev xz-utils'],
  ['ID=fedora', 'dnf install -y elfutils-libelf-devel xz'],
  ['ID="rocky"\nID_LIKE="rhel centos fedora"', 'dnf install -y elfutils-libelf-devel xz'],
  ['ID="opensuse-leap"\nID_LIKE="suse opensuse"', 'zypper install -y libelf-devel xz'],
  ['ID=arch', 'pacman -S --needed libelf xz'],
  ['ID=nixos', 'install what Debian calls libelf-dev xz-utils'],
  ['', 'install what Debian calls libelf-dev xz-utils'],
])('in the words of the distribution: %j', (osRelease, command) => {
  expect(installCommand(['xz-utils', 'libelf-dev'], on(osRelease))).toBe(command);
  const hint = 'apt-get install --no-install-recommends libelf-dev xz-utils';
  expect(localHint(hint, on(osRelease))).toBe(osRelease.includes('debian') ? hint : command);
  expect(localHint('apt-get install xz-utils, or name it', on('ID=arch'))).toBe(
    'pacman -S --needed xz, or name it',
  );
});

test('every package that the set-up or a hint names has its names elsewhere, or is Debian’s own', () => {
  const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8');
  const [, listed = ''] = /^packages="([^"]*)"/m.exec(read('scripts/setup.sh')) ?? [];
  const hinted = readdirSync(join(PROJECT, 'harness'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...read(`harness/${file}`).matchAll(/apt-get install ((?:[a-z0-9.+-]+ ?)+)'/g)])
    .flatMap(([, words = '']) => words.split(' ').filter((word) => !word.startsWith('-')));
  const names = [...listed.split(/\s+/), ...hinted];
  expect(names.length).toBeGreaterThan(40);
  for (const id of ['fedora', 'suse', 'arch'])
    for (const name of names) {
      const command = installCommand([name], on(`ID=${id}`));
      if (!/^(?:apt|debian-archive-keyring)$/.test(name)) expect(command, id).not.toContain('Debian');
    }
});

test('a program that is not installed is missing, with its packages', () => {
  expect(findingOfFault(new HostFault('tool-missing', 'no flex'), CHECK)).toEqual({
    status: 'missing',
    found: 'no flex',
    remedy: null,
    packages: ['flex'],
  });
});

test('another fault of the host is unusable with its own hint, and what rests on another row is unknown', () => {
  const fault = new HostFault('tool-timeout', 'flex took too long', 'wait');
  expect(findingOfFault(fault, CHECK)).toMatchObject({ status: 'unusable', remedy: 'wait' });
  expect(findingOfFault(new Unavailable('no kernel'), CHECK)).toMatchObject({ status: 'unknown' });
  const unreadable = Object.assign(new Error('ENOENT: /proc/cpuinfo'), { code: 'ENOENT' });
  expect(findingOfFault(unreadable, CHECK)).toMatchObject({ status: 'unknown' });
});

test('an error of the user, and a defect, are not made into a row', () => {
  expect(() => findingOfFault(new UserError('no kernel'), CHECK)).toThrow(UserError);
  expect(() => findingOfFault(new TypeError('x is undefined'), CHECK)).toThrow(TypeError);
});

test('Node, room and memory are held against what is needed', () => {
  expect(nodeResult('24.0.0', '>=24').status).toBe('ok');
  expect(nodeResult('22.19.1', '>=24').status).toBe('unusable');
  expect(roomResult('temporary files', '/tmp', 128, 128).status).toBe('ok');
  const full = roomResult('temporary files', '/tmp', 127.9, 128);
  expect(full).toMatchObject({ status: 'unusable', remedy: expect.stringContaining('TMPDIR') });
  expect(roomResult('the cache', '/c', 0, 1).remedy).toContain('TSCMATRIX_CACHE');
  expect(memoryResult(511, 1024, 2, 1).status).toBe('unusable');
  expect(memoryResult(2048, 4096, 2, 2).found).toContain('2 guests of 512 MiB');
});

const OBSERVED: Observation = {
  verdict: 'refined',
  reason: 'tsc was registered after refinement',
  current: 'tsc',
  available: ['tsc'],
  kernelKhz: 1_000_000,
  trueKhz: 1_000_000,
  trueKhzFrom: '-icount',
  ppm: -1,
  diagnosis: null,
  differences: [],
};

function booted(observation: Partial<Observation>, wallMs = 6000) {
  return tcgResult({ observation: { ...OBSERVED, ...observation }, flags: null, toProbeMs: 5000, wallMs });
}

test('a guest whose registration was seen shows a sound host, whatever the registration', () => {
  expect(booted({})).toMatchObject({
    status: 'ok',
    found: expect.stringContaining('tsc: refined (-1.0 ppm)'),
  });
  expect(booted({ verdict: 'never', ppm: null }).status).toBe('ok');
});

test('a guest without a registration, and one that is very slow, do not', () => {
  for (const verdict of ['infra-error', 'hung', 'boot-failed', 'no-evidence', 'undetermined'] as const) {
    expect(booted({ verdict }).status).toBe('unusable');
  }
  expect(booted({}, 90_000).status).toBe('unusable');
});

test('the text says for each row what it came to, what to do, and who needs it where it is not there', () => {
  const lacking = row({
    name: 'bc',
    status: 'missing',
    found: 'no bc',
    remedy: 'apt-get install bc',
    needed: 'for building kernels',
    packages: ['bc'],
  });
  const text = examinationText(conclude([row({}), lacking], ROOT), PLAIN);
  expect(text).toMatch(/^ {2}ok +flex +found$/m);
  expect(text).toMatch(/^ {2}MISSING +bc +no bc \[needed for building kernels\]\n +-> apt-get install bc$/m);
  expect(text).toContain('This host can run matrices.');
  expect(text).toContain('Not all is there for building kernels: bc.');
  expect(text).not.toContain('\x1b');
  const broken = examinationText(conclude([row({ status: 'unknown' })], ROOT), PLAIN);
  expect(broken).toContain('This host cannot run matrices: flex.');
});

test('colour changes nothing but the colour, and a narrow terminal cuts nothing off', () => {
  const examined = conclude([row({ found: 'word '.repeat(60).trim() })], ROOT);
  const plain = examinationText(examined, PLAIN);
  const coloured = examinationText(examined, { colour: true, columns: undefined });
  expect(coloured).toContain('\x1b[');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape is what is looked for
  expect(coloured.replaceAll(/\x1b\[\d+m/g, '')).toBe(plain);
  const narrow = examinationText(examined, { colour: false, columns: 80 });
  expect(narrow.split('\n').every((line) => line.length <= 80)).toBe(true);
  expect(narrow.match(/word/g)).toHaveLength(60);
});
