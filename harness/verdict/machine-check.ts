/** Is the machine that ran the machine that was asked for? Every difference, seen from outside and inside. */
import type { Facts } from '../evidence/facts.ts';
import type { ProbeReport } from '../evidence/report.ts';
import type { Launch, MachineFacts } from '../guest/types.ts';
import { ACCELERATORS, type QemuAccelerator } from '../matrix/accelerators.ts';
import type { SettingName } from '../matrix/settings.ts';
import { askedTscKhz } from '../matrix/tsc-frequency.ts';
import { toldKhz } from './accuracy.ts';
import { flagDifferences, parseCpu } from './cpu-flags.ts';
import type { Difference } from './types.ts';

type Check = (
  launch: Launch,
  machine: MachineFacts | null,
  report: ProbeReport,
  facts: Facts,
) => Difference[];

/** Pure. Compares only what was really seen: a frame that never came is no difference (the verdict sees to that). */
export const findMismatches: Check = (launch, machine, report, facts) =>
  Object.values(SETTING_CHECKS).flatMap((check) =>
    'unseen' in check ? [] : check(launch, machine, report, facts),
  );

const accelerator: Check = (launch, machine) =>
  machine === null || machine.accelerator === expectedAccelerator(launch)
    ? []
    : [differ('accelerator', expectedAccelerator(launch), machine.accelerator, 'qmp')];

/** Of a nested guest its own QEMU is asked. */
function expectedAccelerator({ accelerator }: Launch): QemuAccelerator {
  return ACCELERATORS[accelerator].qemu;
}

/**
 * CPUID 0x40000000, EBX ECX EDX, of target/i386/cpu.c (TCG) and target/i386/kvm/kvm.c, as the probe sends it (a blank is
 * sent as _). With kvm=off the leaf is there and holds nothing, and no leaf at all is as good.
 */
const SIGNATURES: Readonly<Record<Launch['personality'], readonly [string, ...string[]]>> = {
  tcg: ['TCGTCGTCGTCG'],
  kvm: ['KVMKVMKVM'],
  xen: ['XenVMMXenVMM'],
  hyperv: ['Microsoft_Hv'],
  none: ['none', 'empty'],
};

const hypervisor: Check = (launch, _, report) => {
  if (report.hypervisor === null || hidesSignature(launch)) return [];
  const seen = report.hypervisor.value.signature ?? 'none';
  const right = SIGNATURES[launch.personality];
  return right.includes(seen) ? [] : [differ('hypervisor signature', right[0], seen, 'guest')];
};

/** Settings under which another signature, or none, is right: Hyper-V enlightenments, kvm=off, tcg-cpuid=off. */
function hidesSignature(launch: Launch): boolean {
  const { settings, flags } = parseCpu(launch.guest.cpu);
  return (
    flags.get('kvm') === false ||
    flags.get('tcg-cpuid') === false ||
    flags.get('hypervisor') === false ||
    [...flags.keys(), ...settings.keys()].some((name) => name.startsWith('hv-'))
  );
}

const machineType: Check = (launch, machine) =>
  machine === null || machine.machine === launch.guest.machine
    ? []
    : [differ('machine type', launch.guest.machine, machine.machine, 'qmp')];

const hpet: Check = (launch, machine, report) => {
  const asked = launch.guest.hpet;
  const differences: Difference[] = [];
  if (machine !== null && machine.hpet !== asked)
    differences.push(differ('HPET', onOff(asked), onOff(machine.hpet), 'qmp'));
  // The ACPI table is there exactly when the device is; the list of tables stands in if it cannot be read.
  const inside =
    report.hpet?.value.kind === 'present'
      ? true
      : report.hpet?.value.kind === 'absent'
        ? false
        : (report.acpi?.value.includes('HPET') ?? null);
  if (inside !== null && inside !== asked)
    differences.push(differ('HPET', onOff(asked), onOff(inside), 'guest'));
  return differences;
};

/**
 * There is no machine without a PM timer: `pmtimer: false` means that the kernel is told not to use it
 * (pmtmr=0, drivers/clocksource/acpi_pm.c), while the FADT names the port as ever. So without it acpi_pm must
 * not be listed; with it, the FADT must name a port (a kernel may still lack the driver).
 */
const pmTimer: Check = (launch, _, report) => {
  if (launch.guest.pmtimer)
    return report.pmtimer?.value.kind === 'absent'
      ? [differ('PM timer', 'on', 'no port in the FADT', 'guest')]
      : [];
  const listed = report.polls.some((poll) => poll.value.available.includes('acpi_pm'));
  return listed ? [differ('PM timer', 'off', 'acpi_pm is listed', 'guest')] : [];
};

const LIMITS_CPUS = /(?:^| )(?:nosmp|(?:nr_cpus|maxcpus|possible_cpus)=)/;

const vcpus: Check = (launch, machine, report) => {
  const asked = launch.guest.smp;
  const differences: Difference[] = [];
  if (machine !== null && machine.vcpus !== asked)
    differences.push(differ('vCPUs', String(asked), String(machine.vcpus), 'qmp'));
  const present = report.cpus === null ? null : countCpus(report.cpus.value.present);
  if (present !== null && present !== asked && !LIMITS_CPUS.test(launch.commandLine))
    differences.push(differ('vCPUs', String(asked), String(present), 'guest'));
  return differences;
};

/** "0-3,8" is 5; null for a text that is no CPU list. */
export function countCpus(list: string): number | null {
  let count = 0;
  for (const part of list.split(',')) {
    const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part);
    if (match === null) return null;
    count += Number(match[2] ?? match[1]) - Number(match[1]) + 1;
  }
  return count;
}

const commandLine: Check = (launch, _, report) =>
  report.cmdline === null || report.cmdline.value === launch.commandLine
    ? []
    : [differ('kernel command line', launch.commandLine, report.cmdline.value, 'guest')];

/** A share; what pvclock_tsc_khz() (arch/x86/kernel/pvclock.c) makes of KVM's multiplier is a kHz off at the most. */
const TOLD_WITHIN = 0.001;

/** What the hypervisor told. What a kernel measured, or its command line says, is not of the machine. */
const tscFrequency: Check = ({ guest, commandLine }, _machine, _report, facts) => {
  const asked = askedTscKhz(guest);
  const told = toldKhz(facts);
  if (asked === null || told === null || /(?:^| )tsc_early_khz=/.test(commandLine)) return [];
  return Math.abs(told / asked - 1) <= TOLD_WITHIN
    ? []
    : [differ('TSC frequency', `${asked} kHz`, `${told} kHz`, 'guest')];
};

/**
 * How a boot is checked for each setting, in the order in which differences are told. A setting without a row does not
 * compile; one that nothing of what comes back can show says why.
 */
export const SETTING_CHECKS: Readonly<Record<SettingName, Check | { readonly unseen: string }>> = {
  topology: accelerator,
  personality: hypervisor,
  machine: machineType,
  hpet,
  pmtimer: pmTimer,
  smp: vcpus,
  append: commandLine,
  cpu: flagDifferences,
  'tsc-frequency': tscFrequency,
  clock: { unseen: 'QMP says nothing of -icount; its nokaslr is in the command line that append checks' },
  memory: {
    unseen: 'QEMU does not start without it, and what the kernel uses of it is for mem= and the firmware',
  },
  'ref-delay': { unseen: 'the probe measures a read with all that its exit takes, which nobody knows' },
  trace: { unseen: 'it is in the command line that append checks, and the trace says what lacks' },
  probe: { unseen: 'it is in the command line that append checks' },
  emulator: { unseen: 'it is a program of this host: its digest is in the record, its version in the facts' },
};

function onOff(value: boolean): string {
  return value ? 'on' : 'off';
}

function differ(what: string, asked: string, got: string, seenBy: 'qmp' | 'guest'): Difference {
  return { what, asked, got, seenBy };
}
