/** Asks a running QEMU what machine it really made, to be compared with what was asked for. */

import { RTC_BASE } from './arguments.ts';
import type { Qmp } from './qmp.ts';
import type { MachineFacts } from './types.ts';

/** Names of the flags that a -cpu value sets or clears: "EPYC,+invtsc,-x2apic,pmu=off" gives three. */
export function namedCpuFlags(cpu: string): { readonly name: string; readonly on: boolean }[] {
  return cpu
    .split(',')
    .slice(1)
    .flatMap((word) => {
      const sign = /^([+-])(.+)$/.exec(word);
      if (sign !== null) return [{ name: sign[2] ?? '', on: sign[1] === '+' }];
      const set = /^([^=]+)=(on|off|yes|no|true|false)$/.exec(word);
      return set === null ? [] : [{ name: set[1] ?? '', on: /^(on|yes|true)$/.test(set[2] ?? '') }];
    });
}

interface Version {
  readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number };
}

/** The realized CPU's own property: KVM and TCG clear a feature there that they cannot give. */
async function readFlags(qmp: Qmp, cpu: string, cpuPath: string): Promise<Record<string, boolean>> {
  const flags: Record<string, boolean> = {};
  for (const { name } of namedCpuFlags(cpu)) {
    // Properties that are no feature bits (migratable, pmu, ...) answer as well.
    const value = await qmp.execute('qom-get', { path: cpuPath, property: name.replaceAll('_', '-') });
    if (typeof value === 'boolean') flags[name] = value;
  }
  return flags;
}

/** Throws where QEMU does not answer: a machine that cannot be asked has not been checked. */
export async function readMachineFacts(qmp: Qmp, cpu: string): Promise<MachineFacts> {
  const [version, kvm, machine, hpet, cpus] = await Promise.all([
    qmp.execute('query-version') as Promise<Version>,
    qmp.execute('query-kvm') as Promise<{ enabled: boolean }>,
    qmp.execute('qom-get', { path: '/machine', property: 'type' }) as Promise<string>,
    qmp.execute('qom-get', { path: '/machine', property: 'hpet' }) as Promise<boolean>,
    qmp.execute('query-cpus-fast') as Promise<{ 'qom-path': string }[]>,
  ]);
  const { major, minor, micro } = version.qemu;
  return {
    qemuVersion: `${major}.${minor}.${micro}`,
    accelerator: kvm.enabled ? 'kvm' : 'tcg',
    machine: machine.replace(/-machine$/, ''),
    hpet,
    vcpus: cpus.length,
    cpuFlags: await readFlags(qmp, cpu, cpus[0]?.['qom-path'] ?? ''),
  };
}

interface BrokenDownTime {
  readonly tm_year: number;
  readonly tm_mon: number;
  readonly tm_mday: number;
  readonly tm_hour: number;
  readonly tm_min: number;
  readonly tm_sec: number;
}

/**
 * Seconds of guest time since power-on: the RTC runs on the virtual clock (-rtc clock=vm) from a known base.
 * Resolution 1 s. A guest may set its RTC; ours does not.
 */
export async function readGuestSeconds(qmp: Qmp): Promise<number> {
  const now = (await qmp.execute('qom-get', { path: '/machine', property: 'rtc-time' })) as BrokenDownTime;
  const ms = Date.UTC(now.tm_year + 1900, now.tm_mon, now.tm_mday, now.tm_hour, now.tm_min, now.tm_sec);
  return (ms - Date.parse(`${RTC_BASE}Z`)) / 1000;
}
