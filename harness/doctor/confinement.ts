/** Checks of how far this host can confine what is somebody else's. */
import { confinement } from '../host/confine/confine.ts';
import { lessPrivileges } from '../host/confine/privileges.ts';
import type { Check } from './context.ts';
import { type CheckResult, ok, unusable } from './types.ts';

async function findBuilds(): Promise<CheckResult> {
  const { by, reason } = await confinement();
  if (by === 'bubblewrap') return ok('bubblewrap: no network, no home, only the build folder is writable');
  if (by === 'namespaces')
    return ok('namespaces by unshare: no network, no home, only the build folder is writable');
  return unusable(`a build can do all that this user can: ${reason}`, null, ['bubblewrap']);
}

async function findQemu(): Promise<CheckResult> {
  return ok(`guests run ${(await lessPrivileges()).text}, and QEMU's own sandbox is on`);
}

export const CONFINEMENT_CHECKS: readonly Check[] = [
  { topic: 'QEMU', name: 'confined QEMU', needed: 'always', find: findQemu },
  { topic: 'kernel builds', name: 'confined builds', needed: 'for building kernels', find: findBuilds },
];
