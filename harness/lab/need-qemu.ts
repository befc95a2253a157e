/** Whether there is a QEMU at all, asked before anything is recorded or fetched for it. */
import { HostFault, UserError } from '../base/errors.ts';
import { findProgram } from '../host/program.ts';

/** Throws HostFault if the program is not there; whether it works is for the guests to show. */
export async function needQemu(qemu: string): Promise<void> {
  try {
    await findProgram(qemu);
  } catch (error) {
    throw new HostFault(
      'qemu-missing',
      `there is no QEMU: ${(error as Error).message}`,
      'apt-get install qemu-system-x86, or name the program with --qemu',
      { cause: error },
    );
  }
}

/**
 * The QEMU of something that is resumed is the user's word, as it was when that began: a record or a journal may come from
 * anywhere, and a program that it names is not started. Throws UserError if the user named another one.
 */
export function sameQemu(what: string, recorded: string | undefined, given: string, again: string): string {
  if (recorded !== undefined && recorded !== given)
    throw new UserError(
      `${what} was begun with --qemu ${recorded}, and this is --qemu ${given}`,
      `a program that is only named in a record is not started; if it is the one: ${again} --qemu ${recorded}`,
    );
  return given;
}
