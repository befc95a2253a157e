/** What QEMU's own words on stderr mean. Pure. */

/**
 * QEMU's own words for an option, machine, CPU model or feature that this binary or host does not have, from 7.2 to
 * 10.x (system/vl.c, hw/core/machine-smp.c, target/i386/cpu.c, qom/object.c, util/keyval.c, qapi/qobject-input-visitor.c).
 */
const UNSUPPORTED = [
  /: invalid option$/m,
  /Option not supported for this target/,
  /is not enabled in this QEMU binary/,
  /There is no option group/,
  // 9.0 added a colon and the machine's name.
  /unsupported machine type/,
  /unable to find CPU model/,
  /Property '.*' not found/,
  /Parameter '.*' (?:(?:is )?unexpected|expects|does not accept)/,
  /Invalid parameter '/,
  /Invalid '.*' setting/,
  /Invalid (?:cpu|CPU) (?:feature|type)/,
  /not supported by (?:this |the )?(?:accelerator|kernel|machine)/i,
  /requires (?:a newer|KVM|hardware)/,
  /is not allowed with hardware virtualization/,
  /invalid accelerator/,
  // With "enforce"; without it these words are a warning.
  /(?:host|TCG) doesn't support requested feature/,
  /Invalid SMP CPUs|Invalid CPU topology/,
  /Number of (?:hotpluggable )?(?:SMP )?cpus requested/i,
];
const NO_ACCELERATOR = [
  /Could not access KVM kernel module/,
  /failed to initialize kvm/i,
  /kvm_buf_set_msrs/,
  /ioctl\(KVM_CREATE_VM\)/,
];

/** The last lines of what QEMU said, for a sentence. */
export function lastWords(stderr: string): string {
  return stderr.trim().split('\n').slice(-4).join(' / ') || 'QEMU said nothing';
}

/** A warning did not end QEMU. */
function withoutWarnings(stderr: string): string {
  return stderr.replace(/^.*\bwarning: .*$/gim, '');
}

function says(stderr: string, patterns: readonly RegExp[]): boolean {
  const words = withoutWarnings(stderr);
  return patterns.some((pattern) => pattern.test(words));
}

/** Whether a QEMU that gave up did so because it does not have what it was asked for. */
export function refuses(stderr: string): boolean {
  return says(stderr, UNSUPPORTED);
}

/** Whether it gave up for an accelerator that does not work here. KVM on an unfit host aborts QEMU by an assertion. */
export function lacksAccelerator(stderr: string): boolean {
  return says(stderr, NO_ACCELERATOR);
}
