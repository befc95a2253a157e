// The command itself, on this machine: only what holds on any machine that these tests can run on.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Examination, Row } from '../../harness/doctor/types.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'harness', 'cli', 'main.ts');
const LIMIT_MS = 300_000;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The scratch folders that it left behind. */
  readonly left: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), 'doctor-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

function scratchOf(pid: number): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`tscmatrix-${pid}-`));
}

/** Ids of the processes whose parent is `pid` (field 4 of /proc/PID/stat). */
function childrenOf(pid: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(pid);
      } catch {
        return false;
      }
    });
}

/** Whether a process is a QEMU that boots our probe. */
function isGuest(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('tscprobe.nonce');
  } catch {
    return false;
  }
}

/** `onStderr` gets all of stderr so far, each time it grows, and a way to send a signal. */
function doctor(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onStderr: (text: string, children: () => string[], interrupt: () => void) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, 'doctor', ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const pid = child.pid ?? 0;
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      onStderr(
        stderr,
        () => childrenOf(pid),
        () => child.kill('SIGINT'),
      );
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr, left: scratchOf(pid) }));
  });
}

function rowNamed(examination: Examination, name: string): Row {
  const row = examination.rows.find((one) => one.name === name);
  if (row === undefined) throw new Error(`no row ${name}`);
  return row;
}

let whole: Ended;
beforeAll(async () => {
  whole = await doctor(['--json']);
}, LIMIT_MS);

test('stdout is one JSON document, every row is whole, and nothing is left behind', () => {
  const { ok, rows } = JSON.parse(whole.stdout) as Examination;
  for (const row of rows) {
    expect(Object.keys(row).sort()).toEqual(
      ['topic', 'name', 'needed', 'status', 'found', 'remedy', 'packages'].sort(),
    );
    expect(['ok', 'missing', 'unusable', 'unknown']).toContain(row.status);
    expect(row.found).not.toBe('');
  }
  expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
  expect(whole.code).toBe(ok ? 0 : 69);
  expect(whole.left).toEqual([]);
});

test('it says how far QEMU and builds are confined', () => {
  const examination = JSON.parse(whole.stdout) as Examination;
  expect(rowNamed(examination, 'confined QEMU').found).toMatch(
    /^guests run as .+; files of at most \d+ MiB, and QEMU's own sandbox is on$/,
  );
  const builds = rowNamed(examination, 'confined builds');
  expect(builds.found).toMatch(builds.status === 'ok' ? /bubblewrap|namespaces/ : /bwrap|unshare/);
});

test('a real guest came up under TCG, and its registration was seen', () => {
  const row = rowNamed(JSON.parse(whole.stdout), 'guest under TCG');
  expect(row.status, row.found).toBe('ok');
  expect(row.found).toMatch(/tsc: (known-frequency|refined|unrefined)/);
});

test('KVM is judged by a guest, and what is wrong with it does not spoil the rest', () => {
  const examination = JSON.parse(whole.stdout) as Examination;
  const row = rowNamed(examination, 'guest under KVM');
  expect(['ok', 'missing', 'unusable']).toContain(row.status);
  if (row.status !== 'ok') expect(row.remedy).not.toBeNull();
  const vital = examination.rows.filter(({ needed, status }) => needed === 'always' && status !== 'ok');
  expect(vital).toEqual([]);
});

test(
  'without any program in PATH only what needs none is told, and the rest is not guessed',
  async () => {
    const { code, stdout } = await doctor(['--json'], { PATH: folder });
    const examination = JSON.parse(stdout) as Examination;
    expect(code).toBe(69);
    expect(rowNamed(examination, 'setpriv')).toMatchObject({ status: 'missing', packages: ['util-linux'] });
    expect(rowNamed(examination, 'Node').status).toBe('ok');
    for (const name of ['QEMU', 'flex', 'guest under TCG', 'guest under KVM', 'frequency']) {
      expect(rowNamed(examination, name).status).toBe('unknown');
    }
  },
  LIMIT_MS,
);

test(
  'programs that are missing are named with one command for all of them, and break nothing else',
  async () => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    const without = ['flex', 'bc', 'zstd', 'qemu-system-x86_64'];
    for (const place of ['/usr/bin', '/bin', '/usr/sbin']) {
      for (const name of readdirSync(place)) {
        if (without.includes(name)) continue;
        try {
          symlinkSync(join(place, name), join(bin, name));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
      }
    }
    const { code, stdout } = await doctor(['--json'], { PATH: bin });
    const examination = JSON.parse(stdout) as Examination;
    expect(code).toBe(69);
    for (const name of ['flex', 'bc', 'zstd', 'QEMU']) {
      expect(rowNamed(examination, name).status, name).toBe('missing');
    }
    expect(examination.install).toMatch(/ bc( .*)? flex( .*)? qemu-system-x86( .*)? zstd/);
    expect(rowNamed(examination, 'make').status).toBe('ok');
    for (const name of ['TCG', 'machine pc', 'guest under TCG', 'guest under KVM']) {
      expect(rowNamed(examination, name)).toMatchObject({
        status: 'unknown',
        found: 'not tried, for want of QEMU',
      });
    }
  },
  LIMIT_MS,
);

test('a kernel that is none is the error of the user, told on stderr alone', async () => {
  const path = join(folder, 'vmlinuz');
  writeFileSync(path, 'not a kernel');
  const { code, stdout, stderr } = await doctor(['--kernel', path, '--json']);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(path);
});

test(
  'Ctrl-C while a guest boots ends it with 130 and leaves nothing',
  async () => {
    let running: string[] = [];
    let timer: NodeJS.Timeout | undefined;
    const { code, stdout, left } = await doctor([], {}, (stderr, children, interrupt) => {
      if (timer !== undefined || !stderr.includes('under TCG')) return;
      timer = setInterval(() => {
        running = children().filter(isGuest);
        if (running.length === 0) return;
        clearInterval(timer);
        interrupt();
      }, 20);
    });
    clearInterval(timer);
    expect(running.length).toBeGreaterThan(0);
    expect(code).toBe(130);
    expect(stdout).toBe('');
    expect(left).toEqual([]);
    const alive = running.filter((pid) => readdirSync('/proc').includes(pid));
    expect(alive).toEqual([]);
  },
  LIMIT_MS,
);
