/** `tscmatrix rpm`: from a distribution's source RPM to a kernel of it with a change, as its package builds it. */
import { EXIT, UserError } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { suggestion } from '../base/suggest.ts';
import { progressLine } from '../host/progress-line.ts';
import { BuildError } from '../kernel/acquire.ts';
import { bootable } from '../kernel/rpm/boot.ts';
import { buildPlace, builtText } from '../kernel/rpm/build.ts';
import { patchedText, patchPlace } from '../kernel/rpm/patch.ts';
import { preparedText, prepareSrpm } from '../kernel/rpm/prepare.ts';
import { readCellSpec } from '../lab/cell-spec.ts';
import { bootOne } from './boot.ts';
import { say, sayFault } from './say.ts';

export interface RpmFlags {
  readonly output?: string;
  readonly buildid: string;
  readonly name?: string;
  readonly subject: string;
  readonly jobs?: number;
  readonly cell: string;
  readonly keep?: string;
  readonly timeout: number;
  readonly qemu: string;
  readonly json?: boolean;
}

type Step = (what: string, flags: RpmFlags) => Promise<number>;

/** Each with the options that are its own. */
const STEPS: Readonly<Record<string, { readonly run: Step; readonly takes: readonly string[] }>> = {
  prepare: {
    takes: ['output'],
    run: (srpm, flags) =>
      tell(flags, preparedText, (onProgress) => prepareSrpm(srpm, { ...flags, onProgress })),
  },
  patch: {
    takes: ['buildid', 'name', 'subject'],
    run: (folder, flags) => tell(flags, patchedText, () => patchPlace(folder, flags)),
  },
  build: {
    takes: ['jobs'],
    run: (folder, flags) => {
      const onOff = (off: readonly string[]): void => off.forEach(say);
      return tell(flags, builtText, (onProgress) => buildPlace(folder, { ...flags, onProgress, onOff }));
    },
  },
  boot: {
    takes: ['cell', 'keep', 'timeout', 'qemu'],
    run: async (kernel, flags) => {
      const { cell } = await readCellSpec(flags.cell, []);
      const { entry, about } = await bootable(kernel);
      say(about);
      return bootOne(entry, cell.guest, flags);
    },
  },
};

/** 0, 1 where the package's own code fails or tsc is not registered, 69 if the host cannot. */
export async function rpmCommand(
  step: string,
  what: string,
  flags: RpmFlags,
  isGiven: (flag: string) => boolean,
): Promise<number> {
  const known = Object.hasOwn(STEPS, step) ? STEPS[step] : undefined;
  if (known === undefined)
    throw new UserError(`rpm has no step ${JSON.stringify(step)}`, suggestion(step, Object.keys(STEPS)));
  const stray = Object.entries(STEPS).flatMap(([name, { takes }]) =>
    name === step ? [] : takes.filter((option) => isGiven(option)).map((option) => [option, name] as const),
  )[0];
  if (stray !== undefined)
    throw new UserError(`--${stray[0]} goes with rpm ${stray[1]}, not with rpm ${step}`);
  return known.run(what, flags);
}

/** Prints the result of a work. */
async function tell<T extends object>(
  flags: RpmFlags,
  toText: (result: T) => string,
  work: (onProgress: (text: string) => void) => Promise<T>,
): Promise<number> {
  const line = progressLine(process.stderr);
  try {
    const result = await work(line.show).finally(line.clear);
    process.stdout.write(flags.json === true ? `${json(result)}\n` : toText(result));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    sayFault(error);
    return EXIT.unexpected;
  }
}
