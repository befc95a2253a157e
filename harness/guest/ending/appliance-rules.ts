/**
 * What the appliance (L1) tells of a nested guest's end. A fault of either machine below the guest is told apart and
 * never the kernel's verdict. Pure.
 */
import type { ApplianceEvidence, TroubleKind } from '../../evidence/appliance.ts';
import { type Ending, fault } from './ending.ts';
import { ownEnd } from './own-end.ts';
import { refuses } from './qemu-words.ts';
import type { Rule, Seen } from './seen.ts';

type NestedRule = (seen: Seen, appliance: ApplianceEvidence, own: Ending) => Ending | null;

const MEMORY: readonly TroubleKind[] = ['out-of-memory', 'initramfs'];
const CRASH: readonly TroubleKind[] = ['panic', 'lockup', 'oops', 'hung-task'];

/** The appliance's own kernel in trouble explains whatever else is seen. */
const troubled: NestedRule = (_, { troubles }) => {
  const memory = troubles.find(({ kind }) => MEMORY.includes(kind));
  if (memory !== undefined)
    return fault('appliance-memory', `the appliance ran out of memory (line ${memory.line}): ${memory.text}`);
  const crash = troubles.find(({ kind }) => CRASH.includes(kind));
  return crash === undefined
    ? null
    : fault('appliance-crashed', `the appliance's kernel, line ${crash.line}: ${crash.text}`);
};

/** The host gave it no time, or too little: nothing is said of how it would have gone on. */
const outOfTime: NestedRule = (_, __, own) =>
  own.kind === 'host-fault' || own.kind === 'deadline' ? own : null;

const neverUp: NestedRule = (_, { protocol }, own) =>
  protocol === null
    ? fault('appliance-failed', `the appliance never came up: ${'detail' in own ? own.detail : own.kind}`)
    : null;

const faulty: NestedRule = (_, appliance) =>
  appliance.fault === null ? null : fault('appliance-failed', appliance.fault.value);

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
const afterQemu: NestedRule = (_, appliance, own) => {
  const { ended, exitCode, signal } = appliance.guest;
  if (ended !== 'over') return null;
  if (signal !== null)
    return fault('guest-qemu-failed', `the guest's QEMU died of signal ${signal}: ${said(appliance)}`);
  if (exitCode !== 0) return gaveUp(exitCode, appliance);
  if (own.kind === 'finished' || own.kind === 'panic' || own.kind === 'flood') return null;
  const reason = shutdownReason(appliance);
  if (reason === 'guest-shutdown')
    return { kind: 'truncated', detail: 'the guest powered itself off without the end marker' };
  return {
    kind: 'reset',
    detail: `the machine reset itself without the end marker and without a panic (${reason ?? 'no event'})`,
  };
};

/** The appliance ended the guest's QEMU. */
const pastLimit: NestedRule = (_, appliance, own) => {
  const { ended } = appliance.guest;
  if ((ended !== 'limit' && ended !== 'silence') || own.kind === 'panic') return null;
  const what = ended === 'limit' ? 'ran past its limit' : 'was silent past the limit';
  return fault('guest-stalled', `the guest ${what} in guest time; ${beat(appliance)}`);
};

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
const cutOff: NestedRule = ({ console }, appliance, own) => {
  if (appliance.guest.ended !== null) return null;
  if (own.kind === 'stalled' || own.kind === 'silent') {
    const how = 'detail' in own ? own.detail : `${Math.round(own.wallMs / 1000)} s of wall time`;
    return appliance.lastBeat?.value.consoleBytes === console.bytes
      ? fault(
          'guest-stalled',
          `the guest stood still while the appliance went on: ${how}; ${beat(appliance)}`,
        )
      : fault('appliance-hung', `the appliance stood still: ${how}; ${beat(appliance)}`);
  }
  // Its QEMU's end and the counts of its exits are not known.
  if (own.kind === 'finished')
    return fault('appliance-hung', `the guest came to its end, the appliance did not: ${beat(appliance)}`);
  return own.kind === 'reset' || own.kind === 'truncated'
    ? fault(
        'appliance-crashed',
        `the appliance ended without its last word (${own.detail}); ${beat(appliance)}`,
      )
    : null;
};

const NESTED: readonly NestedRule[] = [troubled, outOfTime, neverUp, faulty, afterQemu, pastLimit, cutOff];

/** They say nothing of a guest that is not nested. */
export const applianceRules: readonly Rule[] = NESTED.map(
  (rule) => (seen) => (seen.appliance === null ? null : rule(seen, seen.appliance, ownEnd(seen))),
);
