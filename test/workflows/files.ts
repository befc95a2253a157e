/** The workflow files, and what they run, as the two CI systems would read them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load as parse } from 'js-yaml';

export const PROJECT = join(import.meta.dirname, '..', '..');
export const GITHUB = '.github/workflows/nightly.yml';
export const GITLAB = 'ci/gitlab/nightly.gitlab-ci.yml';

export interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}
export interface GithubJob {
  readonly steps: readonly Step[];
  readonly strategy?: { readonly matrix: { readonly shard: readonly number[] } };
}
export interface GitlabJob {
  readonly before_script?: readonly string[];
  readonly script: readonly string[];
  readonly parallel?: number;
}

export function readText(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

export function githubJobs(): Readonly<Record<string, GithubJob>> {
  return (parse(readText(GITHUB)) as { jobs: Record<string, GithubJob> }).jobs;
}

export function gitlabFile(): Readonly<Record<string, GitlabJob>> {
  return parse(readText(GITLAB)) as Record<string, GitlabJob>;
}
