/** `tscmatrix boot`: one guest, any kernel, no matrix file. */
import { EXIT } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { hasColours } from '../host/colour.ts';
import { progressLine } from '../host/progress-line.ts';
import { needQemu } from '../lab/need-qemu.ts';
import { kernelArgument } from '../matrix/kernel-argument.ts';
import type { GuestSpec, KernelEntry } from '../matrix/types.ts';
import { bootGuest, isRegistered } from '../run/one-boot.ts';
import { bootDocument, bootText } from '../run/one-boot-text.ts';
import { type GuestFlags, guestOf } from './guest-options.ts';
import { warnUnusedQemu } from './warnings.ts';

export interface BootFlags extends GuestFlags {
  readonly sha256?: string;
  readonly timeout: number;
  readonly keep?: string;
  readonly qemu: string;
  readonly json?: boolean;
}

/** 0 if tsc was registered with a known or refined frequency, 1 if not, 69 if the host failed. */
export async function bootCommand(kernel: string, flags: BootFlags): Promise<number> {
  return bootOne(kernelArgument(kernel, flags.sha256), guestOf(flags), flags);
}

/** As bootCommand(), of a guest that is known already. */
export async function bootOne(
  entry: KernelEntry,
  guest: GuestSpec,
  flags: Pick<BootFlags, 'qemu' | 'timeout' | 'keep' | 'json'>,
): Promise<number> {
  const { qemu, timeout: timeoutS, keep } = flags;
  await needQemu(qemu);
  warnUnusedQemu([{ guest }], qemu);
  const line = progressLine(process.stderr);
  const options = { qemu, timeoutS, keep, onProgress: line.show };
  const booted = await bootGuest(entry, guest, options).finally(line.clear);
  process.stdout.write(
    flags.json === true
      ? `${json(bootDocument(booted))}\n`
      : bootText(booted, hasColours(process.stdout.isTTY)),
  );
  const { verdict } = booted.seen.observation;
  if (verdict === 'infra-error') return EXIT.hostFault;
  return isRegistered(verdict) ? EXIT.ok : EXIT.unexpected;
}
