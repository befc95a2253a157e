/** One point of a sweep: one kernel with one delay, booted once or, in real time, several times. */
import { join } from 'node:path';
import { HostFault } from '../../base/errors.ts';
import { type Rate, rateOf } from '../../base/rate.ts';
import type { Evidence } from '../../evidence/evidence.ts';
import { refDelayText } from '../../matrix/ref-delay.ts';
import { FAILURES, type GuestSpec, type RefDelay, type Verdict } from '../../matrix/types.ts';
import type { BootResult, ReadCycles, Runner } from '../runner.ts';
import { cellFor } from './guests.ts';
import type { Reference } from './limits.ts';

/** What one boot showed, without what differs between two runs of the same boot. */
export interface PointBoot {
  readonly verdict: Verdict;
  readonly reason: string;
  /** Guest time of the registration, s; null if there was none. */
  readonly registeredS: number | null;
  /** Of the frequency that the kernel settled on, against the true one. */
  readonly ppm: number | null;
  /**
   * Between the two samples of the refinement, s: from the line that is printed beside init_tsc_clocksource(), which takes the
   * first, to the line that follows the second. Null if the log has not both.
   */
  readonly apartS: number | null;
  /** By firmware and kernel, before the probe's own. */
  readonly reads: { readonly pm: number; readonly hpet: number } | null;
  readonly transcriptSha256: string | null;
  /** Within the sweep's folder. */
  readonly folder: string;
}

export interface Point {
  readonly reference: Reference;
  readonly refDelay: RefDelay;
  /** As a matrix writes it. */
  readonly text: string;
  /** Plain delay, ns per read, without the disturbance. */
  readonly delayNs: number;
  /** `search` and `graded` are of the margin's search, the others of the curve. */
  readonly of: 'search' | 'graded' | 'curve' | 'disturbance';
  readonly boots: readonly PointBoot[];
  /** How many of the boots registered tsc, with its 95 % interval. */
  readonly registered: Rate;
  /** Most of them did; null if a boot gave no answer: it panicked, hung or said too little. */
  readonly registers: boolean | null;
}

interface PointOptions {
  readonly kernelPath: string;
  readonly guest: GuestSpec;
  readonly reference: Reference;
  readonly repeat: number;
  /** Boots of this kernel are kept below it, each in a folder of its delay. */
  readonly folder: string;
  /** `folder` as it is named in reports. */
  readonly name: string;
  readonly onProgress?: (text: string) => void;
}

/** Faults of the host in a row that are put up with. */
const MOST_FAULTS = 3;
const REGISTERED: readonly Verdict[] = ['known-frequency', 'refined', 'unrefined'];
const NO_ANSWER: readonly Verdict[] = [...FAILURES, 'undetermined'];

interface PointSeen {
  readonly point: Point;
  /** Of the first boot. */
  readonly readCycles: ReadCycles;
  readonly trueKhz: number | null;
}

/** Throws HostFault if the host fails boots again and again, or cannot boot such a guest. */
export async function bootPoint(
  runner: Runner,
  options: PointOptions,
  refDelay: RefDelay,
  of: Point['of'],
): Promise<PointSeen> {
  const { reference, repeat, guest } = options;
  const text = refDelayText(refDelay);
  const seen: BootResult[] = [];
  const boots: PointBoot[] = [];
  const cell = cellFor(guest, reference, refDelay);
  for (let boot = 1; boot <= repeat; boot++) {
    const place = [`${reference}-${text}`, ...(repeat === 1 ? [] : [String(boot)])].join('-');
    const label = `${text === '0' ? 'undelayed' : text}${repeat === 1 ? '' : `, boot ${boot} of ${repeat}`}`;
    const one = await bootAgain(options, () =>
      runner.boot(cell, options.kernelPath, join(options.folder, place), (phase, guestS) =>
        options.onProgress?.(`${label}: ${phase}${guestS === null ? '' : `, guest ${guestS.toFixed(1)} s`}`),
      ),
    );
    seen.push(one);
    const { observation, registeredS, transcriptSha256 } = one;
    const { verdict, reason, ppm, readCounts } = observation;
    const reads = readCounts ?? null;
    const folder = `${options.name}/${place}`;
    const apartS = apartOf(one.evidence);
    boots.push({ verdict, reason, registeredS, apartS, ppm, reads, transcriptSha256, folder });
  }
  const count = boots.filter(({ verdict }) => REGISTERED.includes(verdict)).length;
  const isClear = !boots.some(({ verdict }) => NO_ANSWER.includes(verdict));
  const point: Point = {
    reference,
    refDelay,
    text,
    delayNs: reference === 'pm' ? refDelay.pmNs : refDelay.hpetNs,
    of,
    boots,
    registered: rateOf(count, boots.length),
    registers: isClear ? count * 2 > boots.length : null,
  };
  const [first] = seen;
  if (first === undefined) throw new Error('a point without a boot');
  return { point, readCycles: first.readCycles, trueKhz: first.observation.trueKhz };
}

/** Time between the two samples of the refinement, s; the first may come some ms after the line beside it. */
export function apartOf({ facts }: Evidence): number | null {
  const beside = [facts.beforeInit.at(-1)?.timeS, facts.afterInit[0]?.timeS].filter((s) => s != null);
  const last = facts.refined.at(-1)?.timeS;
  return beside.length === 0 || last == null ? null : Math.round((last - Math.max(...beside)) * 1000) / 1000;
}

/** A fault of the host is no answer: the boot is made again. */
async function bootAgain(options: PointOptions, boot: () => ReturnType<Runner['boot']>): Promise<BootResult> {
  for (let faults = 1; ; faults++) {
    const booted = await boot();
    if (booted.kind === 'seen') return booted;
    options.onProgress?.(`the host failed, which says nothing: ${booted.reason}`);
    if (faults < MOST_FAULTS) continue;
    throw new HostFault(
      'boots-failed',
      `${faults} boots in a row failed by the host's fault: ${booted.reason}`,
      'tscmatrix doctor says what is wrong',
    );
  }
}
