// What the workflow files run, run here step by step as a shell would: two shards of a small matrix, the merge, the
// reports, the comparison, and a second night after it.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { builtKernel } from '../support/built-kernel.ts';
import { GITHUB, GITLAB, githubJobs, gitlabFile, PROJECT, type Step } from './files.ts';

// Some twenty commands and up to four boots, beside whatever else runs.
vi.setConfig({ testTimeout: 400_000 });

/** Steps that cannot be run here, and why. All others are. */
const NOT_HERE: Readonly<Record<string, string>> = {
  'Programs for the next steps': 'installs Debian packages: those of the container',
  'Set up': 'installs packages into node_modules, which is this checkout’s own here',
  'Build the kernels': 'the small matrix has none to build; test/kernel-build builds some',
  'actions/checkout': 'a copy of the working tree stands in for it',
  'actions/cache': 'the folders of the cache stay where they are from job to job',
  'actions/cache/restore': 'as actions/cache',
  'actions/cache/save': 'as actions/cache',
  'actions/upload-artifact': 'the folders that it keeps stay where they are',
  'actions/download-artifact': 'as actions/upload-artifact',
};
const SHARDS = 2;

let scratch: Scratch;
beforeAll(async () => {
  scratch = await makeScratch();
});
afterAll(() => scratch.remove());

/** A checkout of its own, with a cache of its own and a matrix of two cells. */
async function checkout(name: string): Promise<string> {
  const dir = join(scratch.path, name);
  const files = execFileSync(
    'git',
    ['-C', PROJECT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      encoding: 'utf8',
    },
  ).split('\0');
  for (const file of files) {
    if (
      !/^(?:harness|images|matrices|schema|\.gitignore|package\.json|package-lock\.json|tscmatrix)/.test(file)
    )
      continue;
    if (!existsSync(join(PROJECT, file))) continue;
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    cpSync(join(PROJECT, file), join(dir, file));
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(dir, 'node_modules'));
  const { path } = await builtKernel();
  const kernel = `kernels: { built: { image: ${path} } }`;
  // The cache is empty: no QEMU is built for it.
  writeFileSync(
    join(dir, 'small.yaml'),
    `version: 1\nname: small\n${kernel}\ndefaults: { emulator: system }\naxes: { hpet: [on, off] }\nexpect:\n  - { registration: refined }\n`,
  );
  const git = (...args: string[]) => execFileSync('git', ['-C', dir, ...args], { stdio: 'pipe' });
  git('init', '--quiet');
  git('add', '--all');
  git('-c', 'user.name=test', '-c', 'user.email=test@example.org', 'commit', '--quiet', '-m', 'a copy');
  return dir;
}

/** As both systems start it: stop at the first command that fails, also within a pipe. */
function bash(dir: string, script: string, env: Readonly<Record<string, string>>) {
  const file = join(scratch.path, 'script.sh');
  writeFileSync(file, script);
  const { PATH = '', HOME = '' } = process.env;
  return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', file], {
    cwd: dir,
    encoding: 'utf8',
    env: {
      PATH,
      HOME,
      LANG: 'C.UTF-8',
      MATRIX: 'small.yaml',
      TSCMATRIX_CACHE: join(scratch.path, 'cache'),
      ...env,
    },
  });
}

/** From now on one of the two cells is not as expected. */
function expectOtherwise(dir: string): void {
  appendFileSync(join(dir, 'small.yaml'), '  - { when: { hpet: off }, registration: never }\n');
  execFileSync('git', ['-C', dir, 'add', 'small.yaml']);
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
  execFileSync('git', ['-C', dir, ...author, 'commit', '--quiet', '-m', 'another expectation']);
}

/** What a night leaves, whichever system ran it. Where a cell is not as expected, the run's exit code says so. */
function checkNight(dir: string, nights: number, bad: boolean): void {
  const report = join(dir, 'nightly', 'report');
  const text = (name: string): string => readFileSync(join(report, name), 'utf8');
  expect(readdirSync(report)).toEqual(
    expect.arrayContaining(['junit.xml', 'kcidb.json', 'nightly.html', 'nightly.json', 'summary.md']),
  );
  expect(text('summary.md')).toMatch(
    bad ? /^## small: 1 of 2 not as expected\n/ : /^## small: as expected\n/,
  );
  expect(text('nightly.html')).toContain('<html');
  const { cells } = JSON.parse(text('nightly.json'));
  expect(cells.map((cell: { outcome: string }) => cell.outcome)).toEqual([
    'expected',
    bad ? 'unexpected' : 'expected',
  ]);
  const { tests } = JSON.parse(text('kcidb.json'));
  expect(tests.map((one: { status: string }) => one.status)).toEqual(['PASS', bad ? 'FAIL' : 'PASS']);
  // The consoles came along with the blobs: the excerpt is of real lines.
  expect(tests[1].log_excerpt).toContain('Refined TSC clocksource calibration');
  expect(
    new Set(
      tests.map((one: { environment: { misc: { host_label: string } } }) => one.environment.misc.host_label),
    ),
  ).toEqual(new Set(['runner-1', 'runner-2']));
  expect(readdirSync(join(dir, 'results')).filter((name) => name.endsWith('small'))).toHaveLength(nights);
  expect(execFileSync('git', ['-C', dir, 'status', '--porcelain'], { encoding: 'utf8' })).toBe('');
}

describe(GITHUB, () => {
  const jobs = githubJobs();

  /** Runs a job's steps; gives the outputs of its steps and the name and exit code of the one it ended with. */
  function runJob(
    dir: string,
    name: string,
    shard = 0,
  ): { failed: string | null; status: number; summary: string } {
    const outputs = new Map<string, string>();
    const summary = join(scratch.path, 'summary.md');
    writeFileSync(summary, '');
    const expressionValue = (expression: string): string => {
      const output = /^steps\.(\w+)\.outputs\.(\w+)$/.exec(expression);
      if (output !== null) return outputs.get(`${output[1]}.${output[2]}`) ?? '';
      const known: Readonly<Record<string, string>> = {
        'matrix.shard': String(shard),
        'strategy.job-total': String(SHARDS),
      };
      const value = known[expression];
      if (value === undefined) throw new Error(`no value for \${{ ${expression} }}`);
      return value;
    };
    const filled = (text: string) =>
      text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, inner: string) => expressionValue(inner));
    const wanted = ({ if: condition }: Step): boolean => {
      const compared = /^\$\{\{ (.*) != '(.*)' \}\}$/.exec(condition ?? '');
      return compared === null || expressionValue(compared[1] ?? '') !== compared[2];
    };
    for (const step of jobs[name]?.steps ?? []) {
      // Without the digest that it is pinned by.
      const called = step.uses?.replace(/@.*/, '') ?? step.name ?? '';
      if (NOT_HERE[called] !== undefined || !wanted(step)) continue;
      if (step.run === undefined)
        throw new Error(`${step.uses} is neither run nor listed as one that cannot be`);
      const output = join(scratch.path, 'output');
      writeFileSync(output, '');
      const env = Object.fromEntries(
        Object.entries(step.env ?? {}).map(([key, text]) => [key, filled(text)]),
      );
      const files = { GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary };
      const { status, stderr } = bash(dir, step.run, { ...env, ...files });
      for (const line of readFileSync(output, 'utf8').split('\n').filter(Boolean)) {
        const at = line.indexOf('=');
        outputs.set(`${(step as { id?: string }).id}.${line.slice(0, at)}`, line.slice(at + 1));
      }
      if (status !== 0) {
        const failed = step.name ?? '';
        if (failed !== 'Not as expected') throw new Error(`${name}: ${failed}: ${status}\n${stderr}`);
        return { failed, status: status ?? -1, summary: readFileSync(summary, 'utf8') };
      }
    }
    return { failed: null, status: 0, summary: readFileSync(summary, 'utf8') };
  }

  test('a night in two shards, and the report of another one after it', async () => {
    const dir = await checkout('github');
    expect(runJob(dir, 'kernels').failed).toBeNull();
    expect(existsSync(join(dir, 'nightly', 'plan', 'durations.json'))).toBe(false);
    for (let shard = 1; shard <= SHARDS; shard++) expect(runJob(dir, 'shards', shard).failed).toBeNull();
    forgetShards(dir);
    const first = runJob(dir, 'report');
    expect(first.failed).toBeNull();
    checkNight(dir, 1, false);
    // There was no good night to compare with.
    expect(existsSync(join(dir, 'nightly', 'report', 'changes.md'))).toBe(false);

    // The next day: a fresh checkout with what was cached.
    nextDay(dir);
    expectOtherwise(dir);
    expect(runJob(dir, 'kernels').failed).toBeNull();
    const durations = JSON.parse(readFileSync(join(dir, 'nightly', 'plan', 'durations.json'), 'utf8'));
    expect(Object.keys(durations.cells)).toHaveLength(2);
    for (const ms of Object.values(durations.cells)) expect(ms).toBeGreaterThan(0);
    const kept = setAside(dir);
    for (let shard = 1; shard <= SHARDS; shard++) expect(runJob(dir, 'shards', shard).failed).toBeNull();
    forgetShards(dir);
    kept();
    const second = runJob(dir, 'report');
    expect(second).toMatchObject({ failed: 'Not as expected', status: 1 });
    expect(second.summary).toContain('## small: 1 of 2 not as expected');
    checkNight(dir, 2, true);
    // What changed is said, and that it is not the kernel that did.
    const changes = readFileSync(join(dir, 'nightly', 'report', 'changes.md'), 'utf8');
    expect(second.summary).toContain(changes);
    expect(changes).toContain('differs: expectation: refined, now never');
    expect(changes).toMatch(/1 identical/);
    expect(readFileSync(join(dir, 'nightly', 'report', 'changes.html'), 'utf8')).toContain('<html');
  });
});

function nextDay(dir: string): void {
  rmSync(join(dir, 'nightly'), { recursive: true });
  rmSync(join(dir, 'results', 'latest'), { force: true });
}

/** The nights before are not on the machines of the shards; gives what brings them back. */
function setAside(dir: string): () => void {
  renameSync(join(dir, 'results'), join(dir, '..', 'nights'));
  return () => renameSync(join(dir, '..', 'nights'), join(dir, 'results'));
}

/** On machines of their own the shards leave nothing in the folder where the nights are kept. */
function forgetShards(dir: string): void {
  rmSync(join(dir, 'results'), { recursive: true });
}

describe(GITLAB, () => {
  test('a night, in two shards', async () => {
    const dir = await checkout('gitlab');
    const jobs = gitlabFile();
    const scriptOf = (job: string) =>
      (jobs[job]?.script ?? []).filter((line) => !line.startsWith('./tscmatrix build'));
    const run = (job: string, env = {}) => bash(dir, scriptOf(job).join('\n'), env);
    expectOtherwise(dir);
    expect(run('kernels')).toMatchObject({ status: 0 });
    for (let shard = 1; shard <= SHARDS; shard++) {
      const env = { CI_NODE_INDEX: String(shard), CI_NODE_TOTAL: String(SHARDS) };
      expect(run('shards', env)).toMatchObject({ status: 0 });
      for (const name of readdirSync(join(dir, 'results')))
        rmSync(join(dir, 'results', name), { recursive: true });
    }
    expect(run('report')).toMatchObject({ status: 1 });
    checkNight(dir, 1, true);
  });

  test('a shard that is missing is an error that names it, and there is no report of an older night', async () => {
    const dir = join(scratch.path, 'gitlab');
    rmSync(join(dir, 'nightly', 'blobs', 'shard-2.blob'));
    rmSync(join(dir, 'nightly', 'report'), { recursive: true });
    const { status, stderr } = bash(dir, (gitlabFile().report?.script ?? []).join('\n'), {});
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/shard/);
    expect(existsSync(join(dir, 'nightly', 'report', 'summary.md'))).toBe(false);
  });
});
