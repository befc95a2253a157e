/** What QEMU is asked about the machine it made, as QMP commands, and what its answers say. Pure. */

import { RTC_BASE } from '../launch/shared-arguments.ts';
import type { MachineFacts } from '../types.ts';
import type { Qmp } from './qmp.ts';

interface Question {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

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

/** Where the first CPU of a PC is; that it is there is checked by query-cpus-fast. */
const FIRST_CPU = '/machine/unattached/device[0]';

const machineProperty = (property: string): Question => ({
  execute: 'qom-get',
  arguments: { path: '/machine', property },
});

/** The realized CPU's own property: KVM and TCG clear a feature there that they cannot give. */
function flagQuestion(cpuPath: string, flag: string): Question {
  return { execute: 'qom-get', arguments: { path: cpuPath, property: flag.replaceAll('_', '-') } };
}

const GENERAL: readonly Question[] = [
  { execute: 'query-version' },
  { execute: 'query-kvm' },
  machineProperty('type'),
  machineProperty('hpet'),
  { execute: 'query-cpus-fast' },
];

/** The whole conversation as lines, for somebody who only passes it on. Each has its place in the list as id. */
export function machineQuestions(cpu: string): string[] {
  const flags = namedCpuFlags(cpu).map(({ name }) => flagQuestion(FIRST_CPU, name));
  const all: readonly Question[] = [{ execute: 'qmp_capabilities' }, ...GENERAL, ...flags];
  return all.map((question, id) => JSON.stringify({ ...question, id }));
}

interface Version {
  readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number };
}

/** Throws if an answer is not of the kind that it must be. */
function generalFacts(answers: readonly unknown[]): Omit<MachineFacts, 'cpuFlags'> & { cpuPath: string } {
  const [version, kvm, machine, hpet, cpus] = answers as [
    Version,
    { readonly enabled: boolean },
    string,
    boolean,
    readonly { readonly 'qom-path': string }[],
  ];
  const { major, minor, micro } = version.qemu;
  return {
    qemuVersion: `${major}.${minor}.${micro}`,
    accelerator: kvm.enabled ? 'kvm' : 'tcg',
    machine: machine.replace(/-machine$/, ''),
    hpet,
    vcpus: cpus.length,
    cpuPath: cpus[0]?.['qom-path'] ?? '',
  };
}

/**
 * The facts from the answers that were passed on, as parsed JSON in any order. Null if one is missing or the first
 * CPU is elsewhere: a machine that could not be asked has not been checked.
 */
export function machineFactsFrom(messages: readonly unknown[], cpu: string): MachineFacts | null {
  const answers = new Map<number, unknown>();
  for (const message of messages) {
    if (typeof message !== 'object' || message === null) continue;
    const { id, return: value } = message as { id?: unknown; return?: unknown };
    if (typeof id === 'number' && value !== undefined) answers.set(id, value);
  }
  const general = GENERAL.map((_, index) => answers.get(index + 1));
  if (general.includes(undefined)) return null;
  try {
    const { cpuPath, ...facts } = generalFacts(general);
    if (cpuPath !== FIRST_CPU) return null;
    const cpuFlags: Record<string, boolean> = {};
    namedCpuFlags(cpu).forEach(({ name }, index) => {
      const value = answers.get(GENERAL.length + 1 + index);
      if (typeof value === 'boolean') cpuFlags[name] = value;
    });
    return { ...facts, cpuFlags };
  } catch {
    return null;
  }
}

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
