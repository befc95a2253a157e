/** `tscmatrix boot`: one guest, any kernel, no matrix file. */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT, UserError } from '../base/errors.ts';
import { json, oneLine } from '../base/safe-text.ts';
import { makeScratch } from '../host/scratch.ts';
import { bootOnce } from '../lab/boot-once.ts';
import { launchOf } from '../lab/launch.ts';
import { needMachine, resolveMachine } from '../lab/machine.ts';
import { makeReady } from '../lab/make-ready.ts';
import { needQemu } from '../lab/need-qemu.ts';
import { measureHostTsc } from '../lab/true-frequency.ts';
import type { ClockMode } from '../matrix/accelerators.ts';
import { kernelArgument } from '../matrix/kernel-argument.ts';
import {
  canonicalSettings,
  DEFAULT_GUEST,
  normalizeGuest,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
} from '../matrix/settings.ts';
import type { GuestSpec, KernelEntry } from '../matrix/types.ts';
import { describeIssues } from '../matrix/zod-problems.ts';
import { cellId } from '../plan/cell-id.ts';
import { impossibleGuest } from '../plan/impossible.ts';
import type { Cell, Plan } from '../plan/types.ts';
import { endingText } from '../report/words.ts';
import { bootDocument, bootText } from './boot-text.ts';
import { warnUnusedQemu } from './warnings.ts';

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Tail>}`
  : Name;

/** An option for each setting of a guest. */
type GuestFlags = { readonly [Name in SettingName as Camel<Name>]?: string | number | boolean };

export interface BootFlags extends GuestFlags {
  readonly sha256?: string;
  readonly timeout: number;
  readonly keep?: string;
  readonly qemu: string;
  readonly json?: boolean;
}

/** Where --clock is absent: counted instructions, unless the other options rule that out or make it useless. */
function clockFor({ topology = DEFAULT_GUEST.topology, smp = 1 }: BootFlags): ClockMode {
  if (topology === 'nested') return 'deterministic';
  // On the bare emulator counted instructions are for one CPU; host KVM, which auto may be, has none to count.
  return topology === 'tcg' && smp === 1 ? DEFAULT_GUEST.clock : 'real';
}

/** An option's value as the setting takes it: a command line knows only text, also where a number is meant. */
function checkedOption(name: SettingName, value: unknown): unknown {
  const candidates = typeof value === 'string' && /^[0-9]+$/.test(value) ? [value, Number(value)] : [value];
  const results = candidates.map((candidate) => SETTINGS[name].schema.safeParse(candidate));
  const sound = candidates.find((_, index) => results[index]?.success);
  if (sound !== undefined) return sound;
  const issues = results.at(-1)?.error?.issues ?? [];
  const { message, hint } = describeIssues(issues, candidates.at(-1));
  throw new UserError(`--${name} ${value}: ${message}`, hint);
}

/** The options as a guest, by the same rules as in a matrix file. */
function guestOf(flags: BootFlags): GuestSpec {
  const raw: Partial<Record<SettingName, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const value =
      flags[name.replaceAll(/-[a-z]/g, ([, letter = '']) => letter.toUpperCase()) as keyof GuestFlags];
    if (value !== undefined) raw[name] = checkedOption(name, value);
  }
  const guest = normalizeGuest({ ...DEFAULT_GUEST, clock: clockFor(flags), ...canonicalSettings(raw) });
  const impossible = impossibleGuest(guest);
  if (impossible !== undefined)
    throw new UserError(`that guest is impossible: ${impossible.why}`, impossible.instead);
  return guest;
}

function planOf(entry: KernelEntry, cell: Cell): Plan {
  return { name: 'boot', matrixPath: '', matrixSha256: '', kernels: [entry], cells: [cell], warnings: [] };
}

async function keepFolder(path: string): Promise<string> {
  try {
    await mkdir(path);
  } catch (error) {
    throw new UserError(
      `--keep ${path}: ${(error as Error).message}`,
      'name a folder that does not exist yet',
    );
  }
  return resolve(path);
}

/** 0 where tsc was registered with a known or refined frequency, 1 where not, 69 where the host failed. */
export async function bootCommand(kernel: string, flags: BootFlags, signal: AbortSignal): Promise<number> {
  const entry = kernelArgument(kernel, flags.sha256);
  const guest = guestOf(flags);
  const cell: Cell = {
    id: cellId(entry.name, guest),
    kernel: entry.name,
    guest,
    axes: {},
    expectation: { registration: ['known-frequency', 'refined'], from: ['default'] },
  };
  await needQemu(flags.qemu);
  warnUnusedQemu([cell], flags.qemu);
  const ready = await makeReady(planOf(entry, cell), {
    qemu: flags.qemu,
    signal,
    onProgress: (name, said) => void process.stderr.write(`tscmatrix: ${oneLine(`${name}: ${said}`)}\n`),
  });
  const image = ready.kernels.get(entry.name);
  if (image instanceof Error) throw image;
  if (image === undefined) return EXIT.interrupted;
  const machine = needMachine(resolveMachine(guest, ready), 'use --topology nested, auto or tcg');
  const launch = launchOf(cell, machine, image.path, ready.initrdPath);

  const scratch = flags.keep === undefined ? await makeScratch() : null;
  try {
    const folder = scratch?.path ?? (await keepFolder(flags.keep ?? ''));
    const seen = await bootOnce(launch, await measureHostTsc(signal), {
      folder,
      signal,
      limits: { deadlineMs: flags.timeout * 1000 },
      onRetry: async ({ ending }) =>
        void process.stderr.write(`tscmatrix: ${oneLine(`trying again after ${endingText(ending)}`)}\n`),
    });
    if (signal.aborted) return EXIT.interrupted;
    const { observation } = seen;
    const shown = { kernel: image, cell: cell.id, seen };
    process.stdout.write(
      flags.json === true
        ? `${json(bootDocument(shown))}\n`
        : bootText(shown, process.stdout.isTTY && !process.env.NO_COLOR),
    );
    if (observation.verdict === 'infra-error') return EXIT.infrastructure;
    return cell.expectation.registration.includes(observation.verdict) ? EXIT.ok : EXIT.unexpected;
  } finally {
    await scratch?.remove();
  }
}
