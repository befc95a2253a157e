/**
 * Ids of cells: KERNEL.TOPOLOGY.CLOCK, then `.key=value` in alphabetical order for every setting that differs from
 * the documented defaults. An id is made of the kernel's name and the guest's settings and of nothing else: not of
 * axis names, presets or the file's own defaults. So the same guest has the same id in every matrix, and two
 * definitions of one axis value cannot meet under one id.
 */
import { createHash } from 'node:crypto';
import { DEFAULT_GUEST, normalizeGuest, SETTING_NAMES, SETTINGS, settingText } from '../matrix/settings.ts';
import type { GuestSpec } from '../matrix/types.ts';
import type { Cell } from './types.ts';

export const ID_LENGTH = 150;
const HASH_DIGITS = 8;

const DEFAULT_TEXTS: Readonly<Record<string, string>> = Object.fromEntries(
  SETTING_NAMES.map((name) => [name, settingText(DEFAULT_GUEST[SETTINGS[name].field])]),
);

/** The id of `kernel` in `guest`: of [A-Za-z0-9._+=,-] alone, without "..", and safe as a file name. */
export function cellId(kernel: string, guest: GuestSpec): string {
  return shorten(`${kernel}.${guestId(guest)}`);
}

/** The part of the id that the guest makes, uncut. */
export function guestId(spec: GuestSpec): string {
  const guest = normalizeGuest(spec);
  const named = SETTING_NAMES.filter((name) => name !== 'topology' && name !== 'clock')
    .map((name) => ({ name, text: settingText(guest[SETTINGS[name].field]) }))
    .filter(({ name, text }) => text !== DEFAULT_TEXTS[name])
    .map(({ name, text }) => `${SETTINGS[name].idKey}=${safe(text)}`);
  return [guest.topology, guest.clock, ...named.toSorted()].join('.');
}

/** Cuts an id that is too long for a file name with a suffix; the hash of the whole keeps it distinct. */
export function shorten(id: string): string {
  if (id.length <= ID_LENGTH) return id;
  return `${id.slice(0, ID_LENGTH - HASH_DIGITS - 1)}-${shortHash(id)}`;
}

/** A value that an id can hold as it is, or one made so and told apart from others by a hash of the original. */
function safe(text: string): string {
  // A dot within a number (7.2) is plain enough; any other would look like the next setting.
  if (/^(?:[A-Za-z0-9_+=,-]|(?<=[0-9])\.(?=[0-9]))+$/.test(text)) return text;
  const readable = text.replace(/ +/g, ',').replace(/[^A-Za-z0-9_+=,-]/g, '_');
  return `${readable}-${shortHash(text)}`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS);
}

/** The row of a cell: its axis values without the kernel, as in "hpet=off smp=2"; "default" if there are none. */
export function rowOf(cell: Pick<Cell, 'axes'>): string {
  const parts = Object.entries(cell.axes)
    .filter(([name]) => name !== 'kernel')
    .map(([name, value]) => `${name}=${/[\s"]/.test(value) || value === '' ? JSON.stringify(value) : value}`);
  return parts.length === 0 ? 'default' : parts.join(' ');
}
