/** What `tscmatrix boot` prints of one guest, as text and as JSON. */

import { ppmText } from '../base/figures.ts';
import { oneLine } from '../base/safe-text.ts';
import { describeReads } from '../evidence/reads.ts';
import type { Launch } from '../guest/types.ts';
import type { Observed } from '../lab/boot-once.ts';
import { clockLines } from '../report/clock-text.ts';
import { diagnosisText } from '../report/diagnosis-text.ts';
import { testLines } from '../report/test-text.ts';
import { dumpText, endingText } from '../report/words.ts';
import type { OneBoot } from './one-boot.ts';

function applianceText({ appliance, outer }: NonNullable<Launch['nested']>): string {
  const { kernelRelease, qemuVersion, sha256 } = appliance;
  return `Linux ${kernelRelease} on ${outer}, with QEMU ${qemuVersion} in it (sha256 ${sha256.slice(0, 12)})`;
}

/** Of the QEMU that runs the machine itself; in a nested guest, the appliance's. */
function qemuVersionOf({ life }: Observed): string | null {
  return life.machine?.qemuVersion ?? null;
}

function readsOf({ evidence }: Observed): string | null {
  return evidence.exits === null ? null : describeReads(evidence.exits);
}

function frequencyText({ kernelKhz, trueKhz, toldKhz, ppm, ppmWithin }: Observed['observation']): string {
  if (kernelKhz === null) return 'not seen';
  const from = toldKhz == null ? `the true ${trueKhz} kHz` : `the ${toldKhz} kHz that it was told`;
  return ppm === null ? `${kernelKhz} kHz` : `${kernelKhz} kHz, ${ppmText(ppm, ppmWithin)} from ${from}`;
}

function toldText({ trueKhz, trueKhzFrom, toldKhz, toldPpm }: Observed['observation']): string | null {
  if (toldKhz == null) return null;
  const off = toldPpm == null ? '' : `, ${ppmText(toldPpm)} from the true ${trueKhz} kHz (${trueKhzFrom})`;
  return `${toldKhz} kHz by its hypervisor${off}`;
}

export function bootText({ kernel, cell, seen }: OneBoot, colour: boolean): string {
  const { launch, life, observation, failed } = seen;
  const { diagnosis } = observation;
  const reads = readsOf(seen);
  const fields: (readonly [string, string | null])[] = [
    ['kernel', kernel.release],
    ['guest', cell],
    ['accelerator', `${launch.accelerator}: ${launch.acceleratorReason}`],
    ['QEMU', `${launch.emulator}, ${qemuVersionOf(seen) ?? 'version not told'}`],
    ['appliance', launch.nested === undefined ? null : applianceText(launch.nested)],
    ...failed.map(({ ending }) => ['retried', `after ${endingText(ending)}`] as const),
    ['verdict', `${observation.verdict}: ${observation.reason}`],
    ['available', observation.available?.join(' ') ?? 'not seen'],
    ['current', observation.current ?? 'not seen'],
    ['frequency', frequencyText(observation)],
    ['told', toldText(observation)],
    ['reads', reads],
    ...(observation.clock == null
      ? []
      : clockLines(observation.clock).map(([name, text]) => ['clock', `${name}: ${text}`] as const)),
    ...testLines(observation.tests).map((line) => ['test', line] as const),
    ['memory', life.dump === null ? null : dumpText(life.dump)],
    ['took', `${(life.wallMs / 1000).toFixed(1)} s`],
  ];
  const lines = fields.flatMap(([name, value]) =>
    value === null ? [] : [oneLine(`${name.padEnd(14)}${value}`)],
  );
  const more = diagnosis === null ? '' : `\n${diagnosisText(diagnosis, {}, colour)}`;
  return `${lines.join('\n')}\n${more}`;
}

export function bootDocument({ kernel, cell, seen }: OneBoot): unknown {
  const { launch, life, ending, observation, evidence, failed } = seen;
  const { nested } = launch;
  return {
    cell,
    kernel,
    accelerator: launch.accelerator,
    acceleratorReason: launch.acceleratorReason,
    qemu: { which: launch.emulator, version: qemuVersionOf(seen) },
    nested:
      nested === undefined
        ? null
        : { argv: nested.command, outer: nested.outer, appliance: nested.appliance },
    ending,
    retried: failed,
    observation,
    reads: readsOf(seen),
    transcriptSha256: evidence.transcriptSha256,
    ...(life.dump === null ? {} : { dump: life.dump }),
  };
}
