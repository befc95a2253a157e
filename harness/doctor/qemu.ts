/** Checks of QEMU: each feature that the guests use is asked for, and QEMU started with it. */
import { pinnedMachine } from '../matrix/machines.ts';
import { DEFAULT_GUEST } from '../matrix/settings.ts';
import type { Check, Context } from './context.ts';
import { lastLine } from './tools.ts';
import { type CheckResult, missing, type Needed, ok, unusable } from './types.ts';

/** The oldest QEMU with the machine types that cells name (matrix/machines.ts). */
const LEAST = { major: 7, minor: 2 };
const NEWER = `install QEMU ${LEAST.major}.${LEAST.minor} or newer, and name it with --qemu`;

/** A machine that starts, does not run, and is told to quit. */
const STOPPED = ['-nodefaults', '-no-user-config', '-display', 'none', '-S'];
const NO_MACHINE = ['-machine', 'none'];
/** As in guest/arguments.ts. */
const SANDBOX = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny';

/** Starts QEMU with these arguments and quits. Null if it took them, else its words. */
async function tryStart({ run, qemu }: Context, args: readonly string[]): Promise<string | null> {
  const result = await run(qemu, [...STOPPED, ...args, '-monitor', 'stdio'], { input: 'quit\n' });
  if (result.exitCode === 0) return null;
  return lastLine(result.stderr);
}

async function ask({ run, qemu }: Context, option: string): Promise<string> {
  const { stdout, stderr } = await run(qemu, [option, 'help']);
  return `${stdout}\n${stderr}`;
}

async function findQemu(context: Context): Promise<CheckResult> {
  const { exitCode, stdout, stderr } = await context.run(context.qemu, ['--version']);
  const version = parseVersion(stdout);
  if (exitCode !== 0 || version === null) {
    const words = lastLine(stderr || stdout);
    return unusable(`${context.qemu} --version ended with ${exitCode}: ${words}`, NEWER);
  }
  const old = version.major < LEAST.major || (version.major === LEAST.major && version.minor < LEAST.minor);
  if (old) return unusable(`${version.text} is too old`, NEWER);
  const fault = await tryStart(context, NO_MACHINE);
  return fault === null ? ok(version.text) : unusable(`${version.text} does not start: ${fault}`, NEWER);
}

async function findTcg(context: Context): Promise<CheckResult> {
  if (!parseAccelerators(await ask(context, '-accel')).has('tcg')) {
    return missing('this QEMU was built without TCG', 'use a QEMU that was built with --enable-tcg');
  }
  const fault = await tryStart(context, [...NO_MACHINE, '-accel', 'tcg']);
  return fault === null ? ok('-accel tcg was accepted') : unusable(`-accel tcg: ${fault}`, NEWER);
}

function option(words: string, args: readonly string[], remedy: string) {
  return async (context: Context): Promise<CheckResult> => {
    const fault = await tryStart(context, [...NO_MACHINE, ...args]);
    return fault === null ? ok(`${words} was accepted`) : unusable(`${words}: ${fault}`, remedy);
  };
}

export function machineResult(type: string, known: ReadonlySet<string>, fault: string | null): CheckResult {
  if (!known.has(type)) {
    const near = [...known].filter((name) => name.startsWith(type.replace(/[\d.]+$/, '')));
    const instead = near.length === 0 ? 'none of its kind' : `among others ${near.slice(0, 3).join(', ')}`;
    return missing(`${type} is not in -machine help (${instead})`, NEWER);
  }
  if (fault === null) return ok(`${type} starts`);
  const isFirmware = /bios|rom file|kvmvapic|firmware/i.test(fault);
  return isFirmware
    ? unusable(`${type}: ${fault}`, null, ['qemu-system-data', 'seabios'])
    : unusable(`${type}: ${fault}`, NEWER);
}

function machine(type: string) {
  return async (context: Context): Promise<CheckResult> => {
    const known = parseMachines(await ask(context, '-machine'));
    const fault = known.has(type) ? await tryStart(context, ['-machine', type, '-accel', 'tcg']) : null;
    return machineResult(type, known, fault);
  };
}

export function cpuResult(models: ReadonlySet<string>, wanted: string): CheckResult {
  return models.has(wanted)
    ? ok(`${models.size} CPU models, ${wanted} among them`)
    : missing(`-cpu help does not name ${wanted}`, NEWER);
}

/** `enforce`: QEMU refuses to start if the accelerator cannot give a flag, instead of leaving it out. */
async function findSvm(context: Context): Promise<CheckResult> {
  const cpu = 'max,+svm,+npt,enforce';
  const fault = await tryStart(context, ['-machine', pinnedMachine('pc'), '-accel', 'tcg', '-cpu', cpu]);
  return fault === null
    ? ok(`TCG emulates SVM (-cpu ${cpu} was accepted)`)
    : missing(`TCG does not emulate SVM: ${fault}`, NEWER);
}

const LIST_PROPERTIES = ['qmp_capabilities', 'qom-list-properties', 'quit']
  .map((execute) => {
    const more = execute === 'qom-list-properties' ? { arguments: { typename: 'kvm-accel' } } : {};
    return `${JSON.stringify({ execute, ...more })}\n`;
  })
  .join('');

/** The property is there from QEMU 8.0 on, in binaries with KVM and Xen emulation (target/i386/kvm/kvm.c). */
export function xenResult(properties: ReadonlySet<string> | null): CheckResult {
  const remedy = 'use QEMU 8.0 or newer, built with KVM; nested Xen guests have it in the pinned QEMU';
  if (properties === null) return missing('this QEMU has no KVM accelerator', remedy);
  return properties.has('xen-version')
    ? ok('-accel kvm has the property xen-version')
    : missing('-accel kvm has no property xen-version', remedy);
}

async function findXen({ run, qemu }: Context): Promise<CheckResult> {
  const args = [...STOPPED, ...NO_MACHINE, '-qmp', 'stdio'];
  return xenResult(parseProperties((await run(qemu, args, { input: LIST_PROPERTIES })).stdout));
}

const topic = 'QEMU';
const needed: Needed = 'always';
const ICOUNT = ['-accel', 'tcg,thread=single', '-icount', 'shift=0,sleep=off,align=off', '-seed', '1'];

/** What is tried only if QEMU itself starts. */
const FEATURES: readonly Pick<Check, 'name' | 'needed' | 'find'>[] = [
  { name: 'TCG', needed, find: findTcg },
  {
    name: 'counted instructions',
    needed,
    find: option('-icount', ICOUNT, 'use a QEMU that was built with TCG'),
  },
  {
    name: 'seccomp sandbox',
    needed,
    find: option('-sandbox on', ['-sandbox', SANDBOX], 'use a QEMU that was built with --enable-seccomp'),
  },
  { name: 'machine pc', needed, find: machine(pinnedMachine('pc')) },
  { name: 'machine q35', needed: 'for q35 machines', find: machine(pinnedMachine('q35')) },
  {
    name: 'CPU models',
    needed,
    find: async (context) => cpuResult(parseCpuModels(await ask(context, '-cpu')), DEFAULT_GUEST.cpu),
  },
  { name: 'SVM emulation', needed: 'for nested', find: findSvm },
  { name: 'Xen emulation', needed: 'for Xen guests of host KVM', find: findXen },
];

export const QEMU_CHECKS: readonly Check[] = [
  { topic, name: 'QEMU', needed, packages: ['qemu-system-x86'], find: findQemu },
  ...FEATURES.map((feature): Check => ({ ...feature, topic, restsOn: 'QEMU' })),
];

/** What QEMU prints about itself, read. Pure. */
interface QemuVersion {
  readonly major: number;
  readonly minor: number;
  /** The whole first line, for people. */
  readonly text: string;
}

export function parseVersion(text: string): QemuVersion | null {
  const match = /^QEMU emulator version (\d+)\.(\d+).*$/m.exec(text);
  if (match === null) return null;
  return { major: Number(match[1]), minor: Number(match[2]), text: match[0] };
}

/** Names in `-machine help`: "NAME   description" after a heading. */
export function parseMachines(text: string): ReadonlySet<string> {
  return new Set(firstWords(text, /^Supported machines are:/m));
}

/** Names in `-accel help`. */
export function parseAccelerators(text: string): ReadonlySet<string> {
  return new Set(firstWords(text, /^Accelerators supported in QEMU binary:/m));
}

function firstWords(text: string, heading: RegExp): string[] {
  const match = heading.exec(text);
  if (match === null) return [];
  const lines = text.slice(match.index).split('\n').slice(1);
  return lines.flatMap((line) => /^([\w.-]+)(?:\s|$)/.exec(line)?.[1] ?? []);
}

/** Models in `-cpu help`: "x86 NAME  description" up to 9.0, "  NAME  description" later; flags come after a heading. */
export function parseCpuModels(text: string): ReadonlySet<string> {
  const [models] = text.split(/^Recognized CPUID flags:/m);
  const lines = (models ?? '').split('\n').filter((line) => !/^Available CPUs/.test(line));
  return new Set(lines.flatMap((line) => /^(?:x86\s+|\s+)([\w.-]+)(?:\s|$)/.exec(line)?.[1] ?? []));
}

/** Names of properties in the answer to qom-list-properties; null if QEMU gave none. */
export function parseProperties(qmp: string): ReadonlySet<string> | null {
  for (const line of qmp.split('\n')) {
    const found = /^\s*\{"return": (\[.*\])/.exec(line)?.[1];
    if (found !== undefined) {
      return new Set((JSON.parse(found) as readonly { readonly name: string }[]).map(({ name }) => name));
    }
  }
  return null;
}
