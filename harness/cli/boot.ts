/** `tscmatrix boot`: one guest, any kernel, no matrix file. */
import { EXIT, UserError } from '../base/errors.ts';
import { json } from '../base/safe-text.ts';
import { hasColours } from '../host/colour.ts';
import { progressLine } from '../host/progress-line.ts';
import { needQemu } from '../lab/need-qemu.ts';
import { testWords } from '../lab/test-words.ts';
import { kernelArgument } from '../matrix/kernel-argument.ts';
import type { GuestSpec, KernelEntry } from '../matrix/types.ts';
import { bootGuest, isRegistered } from '../run/one-boot.ts';
import { bootDocument, bootText } from '../run/one-boot-text.ts';
import { type GuestFlags, guestOf } from './guest-options.ts';
import { warnUnusedQemu } from './warnings.ts';

export interface BootFlags extends GuestFlags {
  readonly sha256?: string;
  readonly test: readonly string[];
  readonly testTimeout?: string;
  readonly timeout: number;
  readonly keep?: string;
  readonly dump?: boolean;
  readonly qemu: string;
  readonly json?: boolean;
}

/** 0 if tsc was registered with a known or refined frequency and every test passed, 1 if not, 69 if the host failed. */
export async function bootCommand(kernel: string, flags: BootFlags): Promise<number> {
  return bootOne(kernelArgument(kernel, flags.sha256), guestOf(flags), flags);
}

/** As bootCommand(), of a guest that is known already. */
export async function bootOne(
  entry: KernelEntry,
  guest: GuestSpec,
  flags: Pick<BootFlags, 'qemu' | 'timeout' | 'keep' | 'dump' | 'json'> &
    Partial<Pick<BootFlags, 'test' | 'testTimeout'>>,
): Promise<number> {
  const { qemu, timeout: timeoutS, keep, dump } = flags;
  if (dump === true && keep === undefined)
    throw new UserError('--dump goes with --keep', 'name a new folder for it: --keep DIR');
  const tests = testWords(flags.test ?? [], flags.testTimeout);
  await needQemu(qemu);
  warnUnusedQemu([{ guest }], qemu);
  const line = progressLine(process.stderr);
  const options = { qemu, timeoutS, keep, dump: dump === true, tests, onProgress: line.show };
  const booted = await bootGuest(entry, guest, options).finally(line.clear);
  process.stdout.write(
    flags.json === true
      ? `${json(bootDocument(booted))}\n`
      : bootText(booted, hasColours(process.stdout.isTTY)),
  );
  const { verdict, tests: results = [] } = booted.seen.observation;
  if (verdict === 'infra-error') return EXIT.hostFault;
  const isWell = isRegistered(verdict) && results.every(({ state }) => state === 'pass');
  return isWell ? EXIT.ok : EXIT.unexpected;
}
