/** Whether there is a QEMU at all, asked before anything is recorded or fetched for it. */
import { HostError } from '../base/errors.ts';
import { findProgram } from '../host/program.ts';

/** Throws HostError where the program is not there; whether it works is for the guests to show. */
export async function needQemu(qemu: string): Promise<void> {
  try {
    await findProgram(qemu);
  } catch (error) {
    throw new HostError(
      'qemu-missing',
      `there is no QEMU: ${(error as Error).message}`,
      'apt-get install qemu-system-x86, or name the program with --qemu',
      { cause: error },
    );
  }
}
