/** `tscmatrix boot`: one guest, any kernel, no matrix file. */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { chooseAccelerator } from '../guest/accelerator.ts';
import { EXIT, HostError, UserError } from '../host/errors.ts';
import { makeScratch } from '../host/scratch.ts';
import { canonicalSettings, DEFAULT_GUEST, SETTINGS, type SettingName } from '../matrix/settings.ts';
import type { GuestSpec, KernelEntry } from '../matrix/types.ts';
import { cellId } from '../plan/cell-id.ts';
import { impossibleGuest } from '../plan/impossible.ts';
import type { Cell, Plan } from '../plan/types.ts';
import { launchOf } from '../run/boot-cell.ts';
import { bootOnce, type Observed } from '../run/boot-once.ts';
import { makeReady } from '../run/make-ready.ts';
import { needQemu } from '../run/need-qemu.ts';
import { measureHostTsc } from '../run/true-frequency.ts';
import { diagnosisText } from './diagnosis-text.ts';
import { kernelArgument } from './kernel-argument.ts';

export interface BootFlags {
  readonly topology?: string;
  readonly clock?: string;
  readonly cpu?: string;
  readonly hpet?: boolean;
  readonly pmtimer?: boolean;
  readonly smp?: number;
  readonly memory?: string;
  readonly machine?: string;
  readonly append?: string;
  readonly sha256?: string;
  readonly timeout: number;
  readonly keep?: string;
  readonly qemu: string;
  readonly json?: boolean;
}

const GUEST_OPTIONS = [
  'topology',
  'clock',
  'cpu',
  'hpet',
  'pmtimer',
  'smp',
  'memory',
  'machine',
  'append',
] as const;

/** The options as a guest, by the same rules as in a matrix file. */
function guestOf(flags: BootFlags): GuestSpec {
  const raw: Partial<Record<SettingName, unknown>> = {};
  for (const name of GUEST_OPTIONS) {
    const value = flags[name];
    if (value === undefined) continue;
    const checked = SETTINGS[name].schema.safeParse(value);
    if (!checked.success) {
      throw new UserError(
        `--${name} ${value}: ${checked.error.issues.map((issue) => issue.message).join('; ')}`,
      );
    }
    raw[name] = value;
  }
  // Counted instructions are for one emulated CPU; where the options ask for more, real time goes without saying.
  const clock =
    flags.clock === undefined && ((flags.smp ?? 1) > 1 || (flags.topology ?? 'tcg') !== 'tcg')
      ? 'real'
      : DEFAULT_GUEST.clock;
  const guest: GuestSpec = { ...DEFAULT_GUEST, clock, ...canonicalSettings(raw) };
  const impossible = impossibleGuest(guest);
  if (impossible !== undefined)
    throw new UserError(`that guest is impossible: ${impossible.why}`, impossible.instead);
  return guest;
}

function planOf(entry: KernelEntry, cell: Cell): Plan {
  return { name: 'boot', matrixPath: '', matrixSha256: '', kernels: [entry], cells: [cell], warnings: [] };
}

function text(
  kernel: string,
  cell: Cell,
  reason: string,
  { life, observation }: Observed,
  isTty: boolean,
): string {
  const { diagnosis } = observation;
  const ppm =
    observation.ppm === null ? '' : `, ${observation.ppm} ppm from the true ${observation.trueKhz} kHz`;
  const lines = [
    `kernel        ${kernel}`,
    `guest         ${cell.id}`,
    `accelerator   ${reason}`,
    `verdict       ${observation.verdict}: ${observation.reason}`,
    `available     ${observation.available?.join(' ') ?? 'not seen'}`,
    `current       ${observation.current ?? 'not seen'}`,
    `frequency     ${observation.kernelKhz === null ? 'not seen' : `${observation.kernelKhz} kHz${ppm}`}`,
    `took          ${(life.wallMs / 1000).toFixed(1)} s`,
  ];
  const more = diagnosis === null ? '' : `\n${diagnosisText(diagnosis, isTty && !process.env.NO_COLOR)}`;
  return `${lines.join('\n')}\n${more}`;
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
  const ready = await makeReady(planOf(entry, cell), {
    qemu: flags.qemu,
    signal,
    onProgress: (name, said) => void process.stderr.write(`tscmatrix: ${name}: ${said}\n`),
  });
  const image = ready.kernels.get(entry.name);
  if (image instanceof Error) throw image;
  if (image === undefined) return EXIT.interrupted;
  const { reason } = chooseAccelerator(guest.topology, guest.clock, ready.trial);
  const launch = launchOf(cell, image.path, ready);
  if (launch === null) throw new HostError('no-accelerator', reason, 'use --topology auto or tcg');

  const scratch = flags.keep === undefined ? await makeScratch() : null;
  try {
    const folder = scratch?.path ?? (await keepFolder(flags.keep ?? ''));
    const seen = await bootOnce(launch, await measureHostTsc(signal), {
      folder,
      signal,
      limits: { deadlineMs: flags.timeout * 1000 },
    });
    if (signal.aborted) return EXIT.interrupted;
    const { observation, evidence, life } = seen;
    process.stdout.write(
      flags.json === true
        ? `${JSON.stringify({ cell: cell.id, kernel: image, accelerator: launch.accelerator, acceleratorReason: reason, ending: life.ending, observation, transcriptSha256: evidence.transcriptSha256 }, null, 2)}\n`
        : text(image.release, cell, reason, seen, process.stdout.isTTY),
    );
    if (observation.verdict === 'infra-error') return EXIT.infrastructure;
    return cell.expectation.registration.includes(observation.verdict) ? EXIT.ok : EXIT.unexpected;
  } finally {
    await scratch?.remove();
  }
}
