/** Checks of KVM: whether a real guest runs, and what KVM can do with a guest's TSC and with guests in guests. */
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import type { KvmCheck } from '../guest/kvm-check.ts';
import { DEFAULT_GUEST } from '../matrix/settings.ts';
import { type Check, type Context, needs } from './context.ts';
import { checkGuest } from './guests.ts';
import type { HostCpu } from './host-cpu.ts';
import { parseAccelerators } from './qemu.ts';
import { type CheckResult, missing, ok, unknown, unusable } from './types.ts';

type Device = 'there' | 'absent' | 'forbidden';

const USE_TCG = 'use topology nested (or auto), whose KVM guests need no KVM here; or a host whose KVM works';

async function lookForDevice(): Promise<Device> {
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
    return 'there';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'forbidden';
  }
}

/** What to do about KVM that is there and does not work, by QEMU's own words in the trial's reason. */
function kvmRemedy(reason: string): string {
  // QEMU dies if KVM refuses an MSR that it says it has (kvm_buf_set_msrs() in target/i386/kvm/kvm.c).
  if (/kvm_buf_set_msrs|failed to set MSR/.test(reason)) {
    return `this KVM refuses a register that it offers, as an incomplete hypervisor below does: ${USE_TCG}`;
  }
  if (/Could not access KVM kernel module|failed to initialize kvm/i.test(reason)) {
    return 'modprobe kvm_amd or kvm_intel, and see what dmesg says of it (is SVM or VT-x off in the firmware?)';
  }
  if (/invalid accelerator/.test(reason)) return 'use a QEMU that was built with KVM';
  return USE_TCG;
}

export function kvmResult(device: Device, trial: KvmCheck | null): CheckResult {
  if (device === 'absent') {
    return missing(
      '/dev/kvm does not exist',
      'modprobe kvm_amd or kvm_intel; in a virtual machine, have its host allow nested virtualization',
    );
  }
  if (device === 'forbidden') {
    return unusable(
      '/dev/kvm may not be opened by this user',
      'usermod -aG kvm USER as root, and log in again',
    );
  }
  if (trial === null) return unknown('it was not tried');
  if (!trial.usable) return unusable(`KVM does not run a guest: ${trial.reason}`, kvmRemedy(trial.reason));
  if (trial.cpu !== 'host')
    return { ...ok(trial.reason), remedy: 'name a CPU model: -cpu host does not work' };
  return ok(trial.reason);
}

async function findKvm(context: Context): Promise<CheckResult> {
  const { stdout } = await context.run(context.qemu, ['-accel', 'help']);
  if (!parseAccelerators(stdout).has('kvm')) {
    return missing('this QEMU was built without KVM', 'use a QEMU that was built with --enable-kvm');
  }
  const device = await lookForDevice();
  if (device !== 'there') return kvmResult(device, null);
  await needs('a kernel', context.kernelImage());
  return kvmResult(device, await needs('the probe', context.kvmCheck()));
}

/** A parameter of the KVM module in use; null if there is none. */
async function readParameter(name: string): Promise<{ module: string; value: string } | null> {
  for (const module of ['kvm_amd', 'kvm_intel']) {
    const value = await readFile(`/sys/module/${module}/parameters/${name}`, 'utf8').catch(() => null);
    if (value !== null) return { module, value: value.trim() };
  }
  return null;
}

function isOn(value: string): boolean {
  return value === 'Y' || value === '1';
}

async function findNested(context: Context): Promise<CheckResult> {
  const parameter = await readParameter('nested');
  const says =
    parameter === null
      ? 'no KVM module has a parameter "nested"'
      : `${parameter.module}: nested=${parameter.value}`;
  if ((await lookForDevice()) !== 'there')
    return missing(`there is no KVM to use here; ${says}; the appliance is emulated instead`, null);
  await needs('a kernel', context.kernelImage());
  const trial = await needs('the probe', context.kvmCheck());
  if (!trial.usable || trial.cpu !== 'host') {
    return unusable(
      `no guest runs under KVM with -cpu host; ${says}; the appliance is emulated instead`,
      null,
    );
  }
  if (parameter !== null && !isOn(parameter.value)) {
    return missing(says, `modprobe -r ${parameter.module} && modprobe ${parameter.module} nested=1`);
  }
  const { flags } = await checkGuest(context, {
    ...DEFAULT_GUEST,
    topology: 'kvm',
    clock: 'real',
    cpu: 'host',
  });
  if (flags === null) return unknown(`${says}; the guest's report did not come`);
  const flag = ['svm', 'vmx'].find((name) => flags.has(name));
  return flag === undefined
    ? missing(`the guest's CPU has neither svm nor vmx; ${says}`, null)
    : ok(`the guest's CPU has ${flag}; ${says}`);
}

/**
 * X86_FEATURE_TSCRATEMSR is "tsc_scale" among the flags (asm/cpufeatures.h), VMX_FEATURE_TSC_SCALING "tsc_scaling"
 * among the vmx flags (asm/vmxfeatures.h). kvm_amd's parameter tsc_scaling can turn it off.
 */
export function scalingResult({ flags, vmxFlags }: HostCpu, parameter: string | null): CheckResult {
  if (!flags.has('tsc_scale') && !vmxFlags.has('tsc_scaling')) {
    return missing(
      "neither tsc_scale nor, among the vmx flags, tsc_scaling in /proc/cpuinfo: a KVM guest's TSC runs at the host's rate",
      'leave tsc-frequency= out of -cpu for KVM guests',
    );
  }
  if (parameter !== null && !isOn(parameter)) {
    return unusable(
      `the CPU can scale, kvm_amd has tsc_scaling=${parameter}`,
      'modprobe -r kvm_amd && modprobe kvm_amd tsc_scaling=1',
    );
  }
  const flag = flags.has('tsc_scale') ? 'tsc_scale' : 'tsc_scaling';
  return ok(`the CPU has ${flag}: KVM can give a guest another TSC frequency`);
}

const topic = 'KVM';

export const KVM_CHECKS: readonly Check[] = [
  { topic, name: 'guest under KVM', needed: 'for kvm', restsOn: 'QEMU', find: findKvm },
  { topic, name: 'appliance on host KVM', needed: 'for nested on kvm', restsOn: 'QEMU', find: findNested },
  {
    topic,
    name: 'TSC scaling',
    needed: 'for kvm',
    runsNothing: true,
    find: async ({ hostCpu }) =>
      scalingResult(await hostCpu(), (await readParameter('tsc_scaling'))?.value ?? null),
  },
];
