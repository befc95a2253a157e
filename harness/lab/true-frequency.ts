/** The frequency at which the guest's TSC really runs, to hold the kernel's own figure against. */

import { HostFault } from '../base/errors.ts';
import { runTool } from '../host/process.ts';
import { compileTool } from '../image/compile.ts';
import { askedTscKhz, countedTscKhz } from '../matrix/tsc-frequency.ts';
import type { GuestSpec } from '../matrix/types.ts';
import type { TrueKhz } from '../verdict/clock.ts';

/** The host's TSC against its CLOCK_MONOTONIC_RAW: what TCG in real time and KVM without scaling hand to the guest. */
export async function measureHostTsc(): Promise<TrueKhz> {
  const tool = await compileTool('host/tsc-khz.c');
  const { stdout } = await runTool(tool, []);
  const [khz, errorPpm] = stdout.trim().split(' ').map(Number);
  if (khz === undefined || errorPpm === undefined || !Number.isFinite(khz)) {
    throw new HostFault('tool-failed', `the host's TSC could not be measured: ${JSON.stringify(stdout)}`);
  }
  return { khz, from: `host TSC against CLOCK_MONOTONIC_RAW, within ${errorPpm} ppm`, withinPpm: errorPpm };
}

/** `host` is what measureHostTsc() gave. */
export function trueFrequencyOf(guest: GuestSpec, host: TrueKhz): TrueKhz {
  if (guest.clock === 'deterministic')
    return { khz: countedTscKhz(guest), from: '-icount: the TSC counts virtual nanoseconds', withinPpm: 0 };
  const khz = askedTscKhz(guest);
  // KVM scales by the ratio to what its own kernel takes the host's for, which is what MONOTONIC_RAW goes by.
  return khz === null ? host : { ...host, khz, from: `KVM scales the host's TSC to it; ${host.from}` };
}
