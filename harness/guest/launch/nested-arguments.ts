/**
 * The two command lines of a nested guest: the appliance's QEMU (L1), which carries that of the guest under test (L2)
 * in its fw_cfg items. Pure. What the appliance does with them: images/appliance/init.c, docs/appliance.md.
 */
import type { QemuAccelerator } from '../../matrix/accelerators.ts';
import { askedTscKhz, countedTscKhz } from '../../matrix/tsc-frequency.ts';
import type { GuestSpec } from '../../matrix/types.ts';
import { machineQuestions } from '../machine/machine-questions.ts';
import type { Launch } from '../types.ts';
import { kernelCommandLine } from './command-line.ts';
import { frequencyFlags, ICOUNT_ARGUMENTS } from './icount.ts';
import { asksInvtsc, forcedFlags } from './personality.ts';
import { type Asked, askedOf, exitVariables, machineArguments } from './setting-arguments.ts';
import {
  BARE,
  decisionsOf,
  HARDENING,
  type LaunchInput,
  QMP_SOCKET,
  RTC,
  testsMs,
} from './shared-arguments.ts';

/** Paths within the appliance. */
const INNER = {
  qemu: '/bin/qemu-system-x86_64',
  firmware: '/share/qemu',
  exits: '/lib/kvm-exits.so',
  kernel: '/run/kernel',
  initrd: '/run/initrd',
  console: '/run/console',
  counts: '/run/exits',
  qmp: '/run/qmp',
} as const;

/** The machine of the appliance: nothing that a cell says of its guest is about it. */
const OUTER_MACHINE = 'pc-i440fx-7.2';

/** What the appliance needs beside the memory of its guest: its files unpacked, the guest's files, QEMU. */
const OUTER_MEMORY_MIB = 224;

/**
 * The appliance's time after which it gives its guest up, and after which it does so for a silent console. In real time
 * that is the host's, of which a busy one may give little to us: the limits there are the harness's own
 * (harness/guest/watch/limits.ts), but for a silence, of which the appliance can say whose it is.
 */
const APPLIANCE_LIMITS = {
  deterministic: { limitMs: 180_000, silenceMs: 45_000 },
  real: { limitMs: 24 * 3_600_000, silenceMs: 140_000 },
} as const;

/** Most of what translated code takes; more than this was never used. */
const TRANSLATION_MIB = 256;

/**
 * No local APIC timer: its calibration spins for 200 ms of guest time, more than the rest of the appliance's boot.
 * Under -icount the TSC's frequency is known, so neither it nor the delay loop is measured.
 */
function outerCommandLine(
  guest: GuestSpec,
  outer: QemuAccelerator,
  { probe: { nonce }, tests }: LaunchInput,
): string {
  const { limitMs, silenceMs } = APPLIANCE_LIMITS[guest.clock];
  const khz = countedTscKhz(guest);
  return [
    'console=ttyS0',
    'panic=-1',
    'nokaslr',
    'quiet',
    // Else a guest's idle time is spent in a loop that waits for its next event, and a virtual ns is an instruction.
    'kvm.halt_poll_ns=0',
    // The window of images/appliance/items.c.
    'memmap=4M$64M',
    outer === 'tcg' ? 'nolapic_timer' : '',
    guest.clock === 'deterministic' ? `tsc_early_khz=${khz} lpj=${khz}` : '',
    `tscl1.nonce=${nonce}`,
    `tscl1.limit_ms=${limitMs + testsMs(tests)}`,
    `tscl1.silence_ms=${silenceMs}`,
  ]
    .filter((word) => word !== '')
    .join(' ');
}

/** A comma within a value of QEMU's options is written twice. */
function item(name: string, lines: readonly string[]): string[] {
  return ['-fw_cfg', `name=opt/tscmatrix/${name},string=${lines.join('\n').replaceAll(',', ',,')}`];
}

function fileItem(name: string, path: string): string[] {
  return ['-fw_cfg', `name=opt/tscmatrix/${name},file=${path.replaceAll(',', ',,')}`];
}

function innerCommand(asked: Required<Asked>, forced: readonly string[], commandLine: string): string[] {
  return [
    INNER.qemu,
    ...BARE,
    ...['-L', INNER.firmware],
    ...machineArguments(asked, forced),
    ...['-kernel', INNER.kernel],
    ...['-initrd', INNER.initrd],
    ...['-append', commandLine],
    ...['-serial', `file:${INNER.console}`],
    ...['-qmp', `unix:${INNER.qmp},server=on,wait=off`],
  ];
}

/**
 * KVM offers its guests an invariant TSC if its own machine has one (__do_cpuid_func() in arch/x86/kvm/cpuid.c). The
 * emulator has none to offer, though its TSC is steady: it is made to say so, if a cell asks for it. The guest's TSC runs at
 * the appliance's frequency.
 */
function outerCpu(guest: GuestSpec, outer: QemuAccelerator): string {
  const invtsc = asksInvtsc(guest);
  if (outer === 'kvm') return invtsc ? 'host,migratable=off' : 'host';
  const model = invtsc ? 'max,+invtsc,x-force-features=on' : 'max';
  return [model, ...frequencyFlags(askedTscKhz(guest))].join(',');
}

function outerAccelerator(guest: GuestSpec, outer: QemuAccelerator): string[] {
  const cpu = ['-cpu', outerCpu(guest, outer)];
  if (outer === 'kvm') return ['-accel', 'kvm', ...cpu];
  const accelerator = ['-accel', `tcg,thread=single,tb-size=${TRANSLATION_MIB}`, ...cpu];
  return guest.clock === 'deterministic' ? [...accelerator, ...ICOUNT_ARGUMENTS] : accelerator;
}

/** Standard output is the guest's console; the appliance's own goes to descriptor 3. */
export function makeNestedLaunch(input: LaunchInput): Launch {
  const { guest, appliance, probe } = input;
  if (appliance === null) throw new Error('a nested guest needs the appliance');
  // Counted instructions are the emulator's, whatever else the host could do.
  const outer = guest.clock === 'deterministic' ? 'tcg' : appliance.outer;
  const asked = askedOf(input);
  const commandLine = kernelCommandLine(asked.kernel, { ...probe, brief: true });
  const command = innerCommand(asked, forcedFlags(guest), commandLine);
  const variables = exitVariables(asked, INNER.exits, INNER.counts);
  const environment = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const questions = machineQuestions(guest.cpu);
  const argv = [
    ...HARDENING,
    ...(input.firmwareDir ? ['-L', input.firmwareDir] : []),
    ...['-machine', OUTER_MACHINE],
    ...outerAccelerator(guest, outer),
    ...RTC,
    ...['-smp', '1', '-m', String(guest.memoryMiB + OUTER_MEMORY_MIB)],
    ...['-kernel', appliance.kernelPath],
    ...['-initrd', appliance.initrdPath],
    ...['-append', outerCommandLine(guest, outer, input)],
    ...fileItem('kernel', input.kernelPath),
    ...fileItem('initrd', input.initrdPath),
    ...item('command', command),
    ...item('environment', environment),
    // QMP takes a command when its line has ended.
    ...item('questions', [...questions, '']),
    ...['-chardev', 'file,id=appliance,path=/dev/fd/3,append=on', '-serial', 'chardev:appliance'],
    ...['-chardev', 'stdio,id=guest,signal=off', '-device', 'isa-debugcon,iobase=0xe9,chardev=guest'],
    ...['-qmp', `unix:${QMP_SOCKET},server=on,wait=off`],
  ];
  const { kernelRelease, qemuVersion, sha256 } = appliance;
  return {
    qemu: input.qemu,
    argv,
    guest,
    ...decisionsOf(input),
    acceleratorReason: `${input.acceleratorReason}; the appliance runs on ${outer}: ${
      guest.clock === 'deterministic' ? 'deterministic time' : appliance.outerReason
    }`,
    commandLine,
    nonce: probe.nonce,
    nested: {
      command,
      environment,
      questions,
      outer,
      appliance: { kernelRelease, qemuVersion, sha256 },
    },
  };
}
