/** One guest from launch to observation, with its files. What run, rerun, boot and bisect share. */
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplianceEvidence } from '../evidence/appliance.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { type Boot, type BootOptions, bootGuest } from '../guest/boot.ts';
import { type Ending, isRetryable } from '../guest/ending/ending.ts';
import { nextNonce, withNonce } from '../guest/launch/command-line.ts';
import type { Launch } from '../guest/types.ts';
import type { TrueKhz } from '../verdict/clock.ts';
import { observe } from '../verdict/observe.ts';
import type { Observation } from '../verdict/types.ts';
import { type FailedAttempt, writeBootFile, writeEvidenceFile, writeTraceFile } from './files.ts';
import { trueFrequencyOf } from './true-frequency.ts';

export interface Observed {
  /** The launch that counts: with another nonce than was asked for if attempts failed. */
  readonly launch: Launch;
  readonly life: Boot;
  readonly ending: Ending;
  readonly evidence: Evidence;
  /** Of a nested guest only. */
  readonly appliance: ApplianceEvidence | null;
  readonly observation: Observation;
  readonly failed: readonly FailedAttempt[];
}

export interface OnceOptions extends BootOptions {
  /** Of a nested guest: an attempt failed, and another one is made. */
  readonly onRetry?: (failed: FailedAttempt) => Promise<void>;
}

/** Attempts of a nested guest. */
const ATTEMPTS = 3;

/** What a failed attempt left stays beside what counts. */
async function setAside(folder: string, number: number): Promise<void> {
  const aside = join(folder, `attempt-${number}`);
  const names = (await readdir(folder)).filter((name) => !name.startsWith('attempt-'));
  await mkdir(aside, { recursive: true });
  for (const name of names) await rename(join(folder, name), join(aside, name));
}

/** Boots, gathers the evidence, writes boot.json and evidence.json into the folder, and observes. */
export async function bootOnce(
  asked: Launch,
  hostFrequency: TrueKhz,
  options: OnceOptions,
): Promise<Observed> {
  const failed: FailedAttempt[] = [];
  let launch = asked;
  let life = await bootGuest(launch, options);
  while (asked.nested !== undefined && isRetryable(life.ending) && failed.length < ATTEMPTS - 1) {
    const { ending, wallMs, cpuMs } = life;
    const one = { nonce: launch.nonce, ending, wallMs, cpuMs };
    failed.push(one);
    await options.onRetry?.(one);
    await setAside(options.folder, failed.length);
    launch = withNonce(launch, nextNonce(launch.nonce));
    life = await bootGuest(launch, options);
  }
  const { ending, evidence, appliance, machine } = life;
  const trueFrequency = trueFrequencyOf(launch.guest, hostFrequency);
  const outer = appliance === null ? {} : { outer: life.outer };
  const dump = life.dump === null ? {} : { dump: life.dump };
  await writeBootFile(options.folder, { launch, machine, ...outer, ending, trueFrequency, failed, ...dump });
  await writeEvidenceFile(options.folder, evidence, appliance);
  await writeTraceFile(options.folder, evidence);
  const observation = observe({ launch, ending, evidence, machine, trueKhz: trueFrequency });
  return { launch, life, ending, evidence, appliance, observation, failed };
}

/** The kernel's log as one text, for the messages that an expectation names; null if there is none. */
export function logText(evidence: Evidence): string | null {
  return evidence.log.length === 0 ? null : evidence.log.map((line) => line.text).join('\n');
}
