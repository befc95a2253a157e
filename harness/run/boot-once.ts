/** One guest from launch to observation, with its files. What run, rerun and boot share. */
import { readFile } from 'node:fs/promises';
import { type Evidence, gatherEvidence } from '../evidence/evidence.ts';
import { type Boot, type BootOptions, bootGuest } from '../guest/boot.ts';
import type { Launch } from '../guest/types.ts';
import { observe } from '../verdict/observe.ts';
import type { Observation } from '../verdict/types.ts';
import { writeBootFile, writeEvidenceFile } from './files.ts';
import { type TrueFrequency, trueFrequencyOf } from './true-frequency.ts';

export interface Observed {
  readonly life: Boot;
  readonly evidence: Evidence;
  readonly observation: Observation;
}

/** Boots, gathers the evidence, writes boot.json and evidence.json into the folder, and observes. */
export async function bootOnce(
  launch: Launch,
  hostFrequency: TrueFrequency,
  options: BootOptions,
): Promise<Observed> {
  const life = await bootGuest(launch, options);
  const evidence = gatherEvidence(await readFile(life.consolePath), launch.nonce);
  const { ending, machine } = life;
  const trueFrequency = trueFrequencyOf(launch.guest.clock, hostFrequency);
  await writeBootFile(options.folder, { launch, machine, ending, trueFrequency });
  await writeEvidenceFile(options.folder, evidence);
  const observation = observe({ launch, ending, evidence, machine, trueKhz: trueFrequency });
  return { life, evidence, observation };
}

/** The kernel's log as one text, for the messages that an expectation names; null where there is none. */
export function logText(evidence: Evidence): string | null {
  return evidence.log.length === 0 ? null : evidence.log.map((line) => line.text).join('\n');
}
