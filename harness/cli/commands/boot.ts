/** One guest without a matrix. */
import type { BootFlags } from '../boot.ts';
import { type Command, parsed, text } from '../command.ts';
import { onOff, wholeNumber } from '../options.ts';
import {
  type Building,
  CONFINEMENT,
  DUMP,
  JSON_RESULT,
  QEMU,
  TEST,
  TEST_TIMEOUT,
  TIMEOUT,
} from './common.ts';

export const BOOT: Command<BootFlags & Building, [kernel: string]> = {
  usage: 'boot <kernel>',
  about:
    'boot one kernel (bzImage, a kernel tree, .deb, .rpm, or debian:PACKAGE[@SUITE]) and show its clocksources',
  examples: [
    'boot arch/x86/boot/bzImage',
    'boot debian:linux-image-cloud-amd64@trixie --topology nested --hpet off --ref-delay 10us',
  ],
  options: {
    topology: text('<topology>', 'tcg, kvm, nested or auto'),
    clock: text('<clock>', 'real or deterministic'),
    cpu: text('<model[,flags]>', "QEMU's -cpu value"),
    tscFrequency: text('<frequency>', 'of the TSC, for example 3GHz'),
    hpet: parsed('<on|off>', 'an HPET', onOff),
    pmtimer: parsed('<on|off>', 'the ACPI PM timer', onOff),
    smp: parsed('<n>', 'CPUs', wholeNumber(1)),
    memory: text('<size>', 'memory, for example 512M'),
    machine: text('<type>', 'versioned machine type, pc or q35'),
    personality: text('<name>', 'of a KVM guest: kvm, xen, hyperv or none'),
    refDelay: text('<time>', 'added to reads of the reference counters, for example 10us'),
    emulator: text('<which>', 'pinned (the QEMU built here) or system (that of --qemu)'),
    probe: text('<what>', 'full, or brief: without the measurement of the clock'),
    trace: text(
      '<what>',
      'what the kernel traces: refinement, or event=G:E;kprobe=F;kretprobe=F ret=$retval',
    ),
    append: text('<words>', 'additions to the kernel command line'),
    sha256: text('<digest>', 'what the file must be; needed for a URL'),
    test: TEST,
    testTimeout: TEST_TIMEOUT,
    timeout: TIMEOUT,
    dump: DUMP,
    keep: text('<dir>', "keep the guest's console and evidence in this new folder"),
    confinement: CONFINEMENT,
    qemu: QEMU,
    json: JSON_RESULT,
  },
  start: async (flags, _, [kernel]) => (await import('../boot.ts')).bootCommand(kernel, flags),
};
