/** What a sweep is asked for, as it is typed: kernels, the guest, the counters, the disturbances. */
import { UserError } from '../base/errors.ts';
import { firstRepeated } from '../base/repeated.ts';
import { readCellSpec } from '../lab/cell-spec.ts';
import { checkGuest } from '../lab/margin/guests.ts';
import type { Reference } from '../lab/margin/limits.ts';
import { isMatrixPath } from '../matrix/builtin.ts';
import { kernelEntry } from '../matrix/kernel-argument.ts';
import { chosenKernels, loadMatrix } from '../matrix/load.ts';
import { refDelayOf, refDelaySchema } from '../matrix/ref-delay.ts';
import type { GuestSpec, KernelEntry } from '../matrix/types.ts';
import type { Disturbed } from './sweep.ts';

export interface SweepRequest {
  /** Of a matrix only these, as globs. */
  readonly kernel: readonly string[];
  readonly cell: string;
  readonly reference?: 'pm' | 'hpet' | 'both';
  /** ns per read. */
  readonly step: number;
  readonly max: number;
  readonly disturb: readonly string[];
  readonly points: number;
  readonly repeat?: number;
  readonly jobs?: number;
  /** Seconds for one guest. */
  readonly timeout: number;
  readonly results: string;
  readonly svg?: string;
  readonly html?: string;
  readonly qemu: string;
}

/** Sizes that grow at one rate, then rates that grow at one size. */
const LADDER = [
  'every11+10us',
  'every11+100us',
  'every11+500us',
  'every11+1ms',
  'random0.05+500us',
  'random0.2+500us',
  'random0.5+500us',
];

/** KERNEL, MATRIX.yaml#NAME, or MATRIX.yaml for all of its kernels that --kernel leaves; each by another name. */
export async function kernelsOf(words: readonly string[], globs: readonly string[]): Promise<KernelEntry[]> {
  const entries: KernelEntry[] = [];
  let matrices = 0;
  for (const word of words) {
    if (!isMatrixPath(word)) {
      entries.push(await kernelEntry(word));
      continue;
    }
    matrices++;
    entries.push(...chosenKernels({ ...(await loadMatrix(word)), path: word }, globs));
  }
  if (globs.length > 0 && matrices === 0)
    throw new UserError('--kernel chooses among the kernels of a matrix, and none is given');
  const twice = firstRepeated(entries);
  if (twice !== undefined)
    throw new UserError(`two kernels are called ${twice.name}`, 'give one of them another file name');
  return entries;
}

interface Guest {
  readonly guest: GuestSpec;
  readonly references: readonly Reference[];
}

export async function guestOf({
  cell: text,
  reference,
}: Pick<SweepRequest, 'cell' | 'reference'>): Promise<Guest> {
  const { cell } = await readCellSpec(text, []);
  const { guest } = cell;
  const inline = !text.includes('#');
  // An HPET is the default of a guest, so it was asked for only if it is named.
  const isNamed = inline ? /(?:^|,)\s*hpet=/.test(text) : true;
  const asked: Reference = guest.hpet ? 'hpet' : 'pm';
  if (inline && isNamed && reference !== undefined && reference !== asked)
    throw new UserError(
      `--reference ${reference} does not go with hpet=${guest.hpet ? 'on' : 'off'} of --cell`,
      'leave hpet out: --reference says which counter there is to read',
    );
  const references: readonly Reference[] =
    reference === 'both' ? ['pm', 'hpet'] : [reference ?? (isNamed ? asked : 'pm')];
  for (const one of references) checkGuest(guest, one);
  return { guest, references };
}

export function disturbancesOf(texts: readonly string[]): Disturbed[] {
  if (texts.length === 1 && texts[0] === 'none') return [];
  return (texts.length === 0 ? LADDER : texts).map((text) => {
    const checked = refDelaySchema.safeParse(text);
    const fault = checked.success ? null : checked.error.issues.map(({ message }) => message).join('; ');
    if (fault !== null) throw new UserError(`--disturb ${text}: ${fault}`);
    const { pmNs, hpetNs, disturbance } = refDelayOf(text);
    if (disturbance === null || pmNs !== hpetNs)
      throw new UserError(
        `--disturb ${text}: ${disturbance === null ? 'no read of it is disturbed' : 'the delay is that of both counters'}`,
        'for example every11+500us, random0.2+500us,seed7 or 5us,every11+500us; none for none',
      );
    return { delayNs: pmNs, disturbance };
  });
}
