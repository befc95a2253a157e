/** Runs the checks one after the other, so that no trial disturbs another, and puts the rows together. */
import { HostFault } from '../base/errors.ts';
import { oneLine } from '../base/safe-text.ts';
import { stopIfInterrupted } from '../host/interruption.ts';
import { findInstaller, type Installer, installCommand, localHint } from '../host/packages.ts';
import { APPLIANCE_CHECKS } from './appliance.ts';
import { BUILD_CHECKS, CONFINEMENT_CHECKS } from './build-tools.ts';
import { type Check, type Context, type ExamineOptions, makeContext, Unavailable } from './context.ts';
import { EMULATOR_CHECKS } from './emulator-tools.ts';
import { GUEST_CHECKS } from './guests.ts';
import { HOST_CHECKS, ROOM_FOR_BUILDS } from './host.ts';
import { TSC_CHECKS } from './host-tsc.ts';
import { KVM_CHECKS } from './kvm.ts';
import { QEMU_CHECKS } from './qemu.ts';
import { SETPRIV, TOOL_CHECKS } from './tools.ts';
import { type CheckResult, type Examination, missing, type Row, unknown, unusable } from './types.ts';

/** What is quick comes first. */
const CHECKS: readonly Check[] = [
  SETPRIV,
  ...HOST_CHECKS,
  ...TOOL_CHECKS,
  ...QEMU_CHECKS,
  ...BUILD_CHECKS,
  ...CONFINEMENT_CHECKS,
  ROOM_FOR_BUILDS,
  ...EMULATOR_CHECKS,
  ...TSC_CHECKS,
  ...GUEST_CHECKS,
  ...APPLIANCE_CHECKS,
  ...KVM_CHECKS,
];

/** A fault of the host is what the row is about. Anything else is the user's error or ours, and goes on up. */
export function findingOfFault(error: unknown, check: Check): CheckResult {
  if (error instanceof Unavailable) return unknown(error.message);
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof HostFault) {
    const packages = check.packages ?? [];
    const remedy = error.hint ?? check.hint ?? null;
    if (error.code === 'tool-missing')
      return missing(error.message, packages.length === 0 ? remedy : null, packages);
    return unusable(error.message, remedy);
  }
  // A file of /proc or /sys that is not there, a file system that does not answer.
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) return unknown((error as Error).message);
  throw error;
}

function rowOf(check: Check, finding: CheckResult, installer: Installer): Row {
  const packages = finding.packages ?? [];
  const remedy =
    (finding.remedy === null ? null : localHint(finding.remedy, installer)) ??
    (packages.length === 0 ? null : installCommand(packages, installer));
  return {
    topic: check.topic,
    name: check.name,
    needed: check.needed,
    status: finding.status,
    found: oneLine(finding.found),
    remedy: remedy === null ? null : oneLine(remedy),
    packages,
  };
}

async function tryCheck(check: Check, context: Context): Promise<CheckResult> {
  try {
    return await check.find(context);
  } catch (error) {
    return findingOfFault(error, check);
  }
}

export function conclude(rows: readonly Row[], installer: Installer): Examination {
  const packages = rows.flatMap((row) => row.packages);
  return {
    ok: rows.every((row) => row.needed !== 'always' || row.status === 'ok'),
    rows,
    install: packages.length === 0 ? null : installCommand(packages, installer),
  };
}

/** Throws UserError for a kernel that is none, and Interrupted. */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const context = makeContext(options);
  const installer = findInstaller();
  // A kernel that was named and is none is told at once, before anything is tried.
  if (options.kernel !== null) {
    await context.kernelImage().catch((error: unknown) => {
      if (!(error instanceof HostFault)) throw error;
    });
  }
  const rows: Row[] = [];
  const look = async (check: Check): Promise<void> => {
    const row = rowOf(check, await tryCheck(check, context), installer);
    stopIfInterrupted('the examination');
    rows.push(row);
  };
  for (const check of CHECKS) {
    const rests = [check.runsNothing ? null : SETPRIV.name, check.restsOn];
    const failed = rows.find((row) => rests.includes(row.name) && row.status !== 'ok');
    const find = async () => unknown(`not tried, for want of ${failed?.name}`);
    await look(failed === undefined ? check : { ...check, find });
  }
  return conclude(rows, installer);
}
