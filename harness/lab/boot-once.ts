/** One guest from launch to observation, with its files. What run, rerun, boot and bisect share. */
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplianceEvidence } from '../evidence/appliance.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { type Boot, type BootOptions, bootGuest } from '../guest/boot.ts';
import type { Ending } from '../guest/ending/ending.ts';
import { isRetryable, nestedEnding } from '../guest/ending/nested.ts';
import { nextNonce, withNonce } from '../guest/launch/nonce.ts';
import { machineFactsFrom } from '../guest/machine/machine-questions.ts';
import type { Launch, MachineFacts } from '../guest/types.ts';
import { observe } from '../verdict/observe.ts';
import type { Observation } from '../verdict/types.ts';
import type { FailedAttempt } from './failed-attempt.ts';
import { writeBootFile, writeEvidenceFile } from './files.ts';
import { gatherFrom } from './gather.ts';
import { type TrueFrequency, trueFrequencyOf } from './true-frequency.ts';

export interface Observed {
  /** The launch that counts: with another nonce than was asked for where attempts failed. */
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

interface Attempt {
  readonly life: Boot;
  readonly ending: Ending;
  readonly evidence: Evidence;
  readonly appliance: ApplianceEvidence | null;
  readonly machine: MachineFacts | null;
}

async function attempt(launch: Launch, options: BootOptions): Promise<Attempt> {
  const life = await bootGuest(launch, options);
  const { evidence, appliance, consoleBytes } = await gatherFrom(options.folder, launch);
  if (appliance === null) return { life, ending: life.ending, evidence, appliance, machine: life.machine };
  const replies = appliance.qmp.map(({ value }) => value);
  return {
    life,
    ending: nestedEnding(life.ending, appliance, consoleBytes),
    evidence,
    appliance,
    machine: machineFactsFrom(replies, launch.guest.cpu),
  };
}

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
  hostFrequency: TrueFrequency,
  options: OnceOptions,
): Promise<Observed> {
  const failed: FailedAttempt[] = [];
  let launch = asked;
  let made = await attempt(launch, options);
  while (asked.nested !== undefined && isRetryable(made.ending) && failed.length < ATTEMPTS - 1) {
    if (options.signal?.aborted === true) break;
    const { ending, life } = made;
    const one = { nonce: launch.nonce, ending, wallMs: life.wallMs, cpuMs: life.cpuMs };
    failed.push(one);
    await options.onRetry?.(one);
    await setAside(options.folder, failed.length);
    launch = withNonce(launch, nextNonce(launch.nonce));
    made = await attempt(launch, options);
  }
  const { life, ending, evidence, appliance, machine } = made;
  const trueFrequency = trueFrequencyOf(launch.guest.clock, hostFrequency);
  const outer = appliance === null ? {} : { outer: life.machine };
  await writeBootFile(options.folder, { launch, machine, ...outer, ending, trueFrequency, failed });
  await writeEvidenceFile(options.folder, evidence, appliance);
  const observation = observe({ launch, ending, evidence, machine, trueKhz: trueFrequency });
  return { launch, life, ending, evidence, appliance, observation, failed };
}

/** The kernel's log as one text, for the messages that an expectation names; null where there is none. */
export function logText(evidence: Evidence): string | null {
  return evidence.log.length === 0 ? null : evidence.log.map((line) => line.text).join('\n');
}
