/** Why a QEMU that ended by itself ended: its exit code, signal, words and QMP events to an Ending. Pure. */

import type { QmpEvent } from '../machine/qmp.ts';
import type { ConsoleState } from '../watch/console-watch.ts';
import type { Ending } from './ending.ts';

export interface QemuExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

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

function says({ stderr }: Pick<QemuExit, 'stderr'>, patterns: readonly RegExp[]): boolean {
  const words = withoutWarnings(stderr);
  return patterns.some((pattern) => pattern.test(words));
}

/** Whether a QEMU that gave up did so because it does not have what it was asked for. */
export function refuses(stderr: string): boolean {
  return says({ stderr }, UNSUPPORTED);
}

function startFault(exit: QemuExit): Ending {
  const detail = lastWords(exit.stderr);
  // setpriv's answer, and a shell's, where the program does not exist.
  if (exit.exitCode === 127) return { kind: 'host-fault', code: 'qemu-missing', detail };
  if (says(exit, NO_ACCELERATOR)) return { kind: 'host-fault', code: 'no-accelerator', detail };
  return { kind: 'host-fault', code: refuses(exit.stderr) ? 'qemu-unsupported' : 'qemu-failed', detail };
}

/**
 * What QEMU itself says of a shutdown: ShutdownCause in qapi/run-state.json. The event is missed where the guest ended
 * before we had left QMP's negotiation mode; a signal is told on stderr as well (qemu_system_killed(), qemu_kill_report()).
 */
function shutdownReason(exit: QemuExit, events: readonly QmpEvent[]): string | null {
  const shutdown = events.findLast((event) => event.event === 'SHUTDOWN');
  if (shutdown !== undefined) return String(shutdown.data.reason ?? 'unknown');
  return /terminating on signal \d+/.test(exit.stderr) ? 'host-signal' : null;
}

const OUTSIDE = ['host-signal', 'host-qmp-quit', 'host-ui', 'host-error'];
const RESET = ['guest-reset', 'guest-panic', 'host-qmp-system-reset', 'subsystem-reset'];

/** Rules in order; the console's own marks come first, since they are the guest's word. */
export function endingOfExit(exit: QemuExit, console: ConsoleState, events: readonly QmpEvent[]): Ending {
  if (console.ended) return { kind: 'finished' };
  if (exit.signal !== null) {
    const detail = `${exit.signal}: ${lastWords(exit.stderr)}`;
    // KVM on an unfit host aborts QEMU by an assertion.
    const code = says(exit, NO_ACCELERATOR) ? 'no-accelerator' : 'qemu-killed';
    return { kind: 'host-fault', code, detail };
  }
  if (exit.exitCode !== 0) return startFault(exit);
  const reason = shutdownReason(exit, events);
  if (reason !== null && OUTSIDE.includes(reason)) {
    const detail = `QEMU was told to end from outside (${reason}): ${lastWords(exit.stderr)}`;
    return { kind: 'host-fault', code: 'qemu-killed', detail };
  }
  if (console.panicked) return { kind: 'panic' };
  const when =
    console.bytes === 0 ? 'before it printed anything' : 'without the end marker and without a panic';
  if (reason !== null && RESET.includes(reason)) {
    // panic=-1 resets too, and a panic before the console is up is not told.
    return { kind: 'reset', detail: `the machine reset itself ${when} (${reason})` };
  }
  if (reason === 'guest-shutdown') {
    return { kind: 'truncated', detail: `the guest powered itself off ${when}` };
  }
  return {
    kind: 'truncated',
    detail: `QEMU ended in order ${when}, and did not say why (${reason ?? 'no event'})`,
  };
}
