/**
 * How a nested guest's life ended: what its console and the appliance's QEMU looked like from outside, put right by what
 * the appliance (L1) tells. A fault of either machine below the guest is told apart and never the kernel's verdict. Pure.
 */
import type { ApplianceEvidence, TroubleKind } from '../../evidence/appliance.ts';
import type { Ending, HostFault } from './ending.ts';
import { refuses } from './exit-reason.ts';

function fault(code: HostFault, detail: string): Ending {
  return { kind: 'host-fault', code, detail };
}

const MEMORY: readonly TroubleKind[] = ['out-of-memory', 'initramfs'];
const CRASH: readonly TroubleKind[] = ['panic', 'lockup', 'oops', 'hung-task'];

/** The appliance's own kernel in trouble explains whatever else is seen. */
function troubled({ troubles }: ApplianceEvidence): Ending | null {
  const memory = troubles.find(({ kind }) => MEMORY.includes(kind));
  if (memory !== undefined)
    return fault('appliance-memory', `the appliance ran out of memory (line ${memory.line}): ${memory.text}`);
  const crash = troubles.find(({ kind }) => CRASH.includes(kind));
  return crash === undefined
    ? null
    : fault('appliance-crashed', `the appliance's kernel, line ${crash.line}: ${crash.text}`);
}

function said(appliance: ApplianceEvidence): string {
  const words = appliance.stderr.map(({ value }) => value).slice(-4);
  return words.join(' / ') || 'it said nothing';
}

/** The reason that the guest's QEMU gave for its end: ShutdownCause in QEMU's qapi/run-state.json. */
function shutdownReason(appliance: ApplianceEvidence): string | null {
  for (const { value } of appliance.qmp.toReversed()) {
    const { event, data } = (value ?? {}) as { event?: unknown; data?: { reason?: unknown } };
    if (event === 'SHUTDOWN') return String(data?.reason ?? 'unknown');
  }
  return null;
}

/** The guest's QEMU gave up. What it refuses once it refuses always, so that is told apart from what may pass. */
function gaveUp(exitCode: number | null, appliance: ApplianceEvidence): Ending {
  const words = appliance.stderr.map(({ value }) => value).join('\n');
  const detail = `the guest's QEMU gave up with exit code ${exitCode}: ${said(appliance)}`;
  // Linux refuses memory that the machine does not have at all (__vm_enough_memory() in mm/util.c).
  if (/Cannot allocate memory/.test(words)) return fault('appliance-memory', detail);
  return fault(refuses(words) ? 'qemu-unsupported' : 'guest-qemu-failed', detail);
}

/** The guest's QEMU ended by itself. */
function afterQemu(seen: Ending, appliance: ApplianceEvidence): Ending {
  const { exitCode, signal } = appliance.guest;
  if (signal !== null)
    return fault('guest-qemu-failed', `the guest's QEMU died of signal ${signal}: ${said(appliance)}`);
  if (exitCode !== 0) return gaveUp(exitCode, appliance);
  if (seen.kind === 'finished' || seen.kind === 'panic' || seen.kind === 'flood') return seen;
  const reason = shutdownReason(appliance);
  if (reason === 'guest-shutdown')
    return { kind: 'truncated', detail: 'the guest powered itself off without the end marker' };
  return {
    kind: 'reset',
    detail: `the machine reset itself without the end marker and without a panic (${reason ?? 'no event'})`,
  };
}

function beat({ lastBeat }: ApplianceEvidence): string {
  if (lastBeat === null) return 'the appliance never told its time';
  const { tNs, consoleBytes } = lastBeat.value;
  return `the appliance was at ${(tNs / 1e9).toFixed(1)} s of its time and had passed on ${consoleBytes} bytes`;
}

/**
 * The appliance was ended from outside, or ended without its last word. It beats once a second of its time, which goes
 * on while its guest spins: so a guest that has stalled leaves beats behind that come later than its last byte. The
 * limit in wall time alone says that the host is slow: both may have been at work.
 */
function cutOff(seen: Ending, appliance: ApplianceEvidence, consoleBytes: number): Ending {
  if (seen.kind === 'stalled' || seen.kind === 'silent') {
    const how = 'detail' in seen ? seen.detail : `${Math.round(seen.wallMs / 1000)} s of wall time`;
    return appliance.lastBeat?.value.consoleBytes === consoleBytes
      ? fault(
          'guest-stalled',
          `the guest stood still while the appliance went on: ${how}; ${beat(appliance)}`,
        )
      : fault('appliance-hung', `the appliance stood still: ${how}; ${beat(appliance)}`);
  }
  // Its QEMU's end and the counts of its exits are not known.
  if (seen.kind === 'finished')
    return fault('appliance-hung', `the guest came to its end, the appliance did not: ${beat(appliance)}`);
  if (seen.kind === 'reset' || seen.kind === 'truncated')
    return fault(
      'appliance-crashed',
      `the appliance ended without its last word (${seen.detail}); ${beat(appliance)}`,
    );
  return seen;
}

/** `seen`: from the guest's console and the appliance's QEMU. `consoleBytes`: of the guest's console. */
export function nestedEnding(seen: Ending, appliance: ApplianceEvidence, consoleBytes: number): Ending {
  if (seen.kind === 'host-fault' && seen.code !== 'guest-frozen') return seen;
  const trouble = troubled(appliance);
  if (trouble !== null) return trouble;
  // The host gave it no time, or too little: nothing is said of how it would have gone on.
  if (seen.kind === 'host-fault' || seen.kind === 'deadline') return seen;
  if (appliance.protocol === null)
    return fault(
      'appliance-failed',
      `the appliance never came up: ${'detail' in seen ? seen.detail : seen.kind}`,
    );
  if (appliance.fault !== null) return fault('appliance-failed', appliance.fault.value);
  switch (appliance.guest.ended) {
    case 'over':
      return afterQemu(seen, appliance);
    case 'limit':
    case 'silence': {
      if (seen.kind === 'panic') return seen;
      const what = appliance.guest.ended === 'limit' ? 'ran past its limit' : 'was silent past the limit';
      return fault('guest-stalled', `the guest ${what} in guest time; ${beat(appliance)}`);
    }
    case null:
      return cutOff(seen, appliance, consoleBytes);
  }
}

/** Faults that another attempt may not meet: under -icount it needs other inputs, so another nonce. */
const PASSING: readonly HostFault[] = [
  'guest-stalled',
  'appliance-hung',
  'appliance-crashed',
  'guest-qemu-failed',
  'guest-frozen',
];

/** Whether a nested guest's end says something of this attempt alone, so that trying again is honest. */
export function isRetryable(ending: Ending): boolean {
  return ending.kind === 'host-fault' && PASSING.includes(ending.code);
}
