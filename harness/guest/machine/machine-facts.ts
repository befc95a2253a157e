/** Asks a running QEMU what machine it really made, to be compared with what was asked for. */

import { RTC_BASE } from '../launch/shared-arguments.ts';
import type { MachineFacts } from '../types.ts';
import { flagQuestion, GENERAL, generalFacts, namedCpuFlags } from './machine-questions.ts';
import type { Qmp } from './qmp.ts';

export { namedCpuFlags };

async function readFlags(qmp: Qmp, cpu: string, cpuPath: string): Promise<Record<string, boolean>> {
  const flags: Record<string, boolean> = {};
  for (const { name } of namedCpuFlags(cpu)) {
    const question = flagQuestion(cpuPath, name);
    // Properties that are no feature bits (migratable, pmu, ...) answer as well.
    const value = await qmp.execute(question.execute, question.arguments);
    if (typeof value === 'boolean') flags[name] = value;
  }
  return flags;
}

/** Throws if QEMU does not answer: a machine that cannot be asked has not been checked. */
export async function readMachineFacts(qmp: Qmp, cpu: string): Promise<MachineFacts> {
  const answers = await Promise.all(GENERAL.map((each) => qmp.execute(each.execute, each.arguments)));
  const { cpuPath, ...facts } = generalFacts(answers);
  return { ...facts, cpuFlags: await readFlags(qmp, cpu, cpuPath) };
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
