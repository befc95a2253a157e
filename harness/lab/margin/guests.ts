/** The guests of a sweep: one guest with other delays of its reference counter. Pure. */

import { UserError } from '../../base/errors.ts';
import { isKvmGuest } from '../../matrix/accelerators.ts';
import type { Disturbance, GuestSpec, RefDelay } from '../../matrix/types.ts';
import { cellId } from '../../plan/cell-id.ts';
import type { Cell } from '../../plan/types.ts';
import { SUBJECT } from '../cell-spec.ts';
import type { Reference } from './limits.ts';

/** Throws UserError if the guest's reads cannot be delayed, or if the counter is switched off. */
export function checkGuest(guest: GuestSpec, reference: Reference): void {
  if (!isKvmGuest(guest.topology)) {
    throw new UserError(
      'a guest on an emulated CPU has no exits to delay',
      'choose topology=nested, kvm or auto',
    );
  }
  const { pmNs, hpetNs, disturbance } = guest.refDelay;
  if (pmNs !== 0 || hpetNs !== 0 || disturbance !== null)
    throw new UserError('the guest has a ref-delay, which is what a sweep varies', 'leave ref-delay out');
  if (reference === 'pm' && !guest.pmtimer)
    throw new UserError('the guest has no PM timer to delay (pmtimer=off)', 'leave pmtimer out');
}

/** The guest whose kernel reads that counter: tsc_read_refs() (arch/x86/kernel/tsc.c) prefers the HPET. */
function guestFor(guest: GuestSpec, reference: Reference): GuestSpec {
  return { ...guest, hpet: reference === 'hpet' };
}

/** `delayNs` a read of that counter, and a disturbance on top. */
export function delayOf(
  reference: Reference,
  delayNs: number,
  disturbance: Disturbance | null = null,
): RefDelay {
  return reference === 'pm'
    ? { pmNs: delayNs, hpetNs: 0, disturbance }
    : { pmNs: 0, hpetNs: delayNs, disturbance };
}

/**
 * One cell for all kernels: what they print is the same if they are the same, for the id of a cell is in the
 * guest's command line as a nonce.
 */
export function cellFor(guest: GuestSpec, reference: Reference, refDelay: RefDelay): Cell {
  const spec = { ...guestFor(guest, reference), refDelay };
  return {
    id: cellId(SUBJECT, spec),
    kernel: SUBJECT,
    guest: spec,
    axes: {},
    expectation: { registration: ['known-frequency', 'refined', 'unrefined'], from: ['the sweep'] },
  };
}
