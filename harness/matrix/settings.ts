/** Settings of a guest: how they are found by their keys, read, shown, and put into one form. */
import type { z } from 'zod';
import { isGlob } from '../base/glob.ts';
import { OLD_SETTINGS } from './names.ts';
import { type RefDelay, refDelayText } from './ref-delay.ts';
import { SETTINGS, type Setting } from './setting-rows.ts';

export { SETTINGS };

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];
type Rows = typeof SETTINGS;

/** The wish of a guest: every setting, null if topology and clock are to decide. With the kernel they make the command line. */
export type GuestSpec = {
  readonly [Name in SettingName as Rows[Name]['field']]: z.output<Rows[Name]['held']>;
};

type Value = GuestSpec[keyof GuestSpec];
type Field = keyof GuestSpec;

/** The rows as what each other of them is. */
type Row = Setting & { readonly field: Field; readonly initial: Value };
const ROWS: Readonly<Record<SettingName, Row>> = SETTINGS;

function ofRows<T>(take: (row: Row) => T): Record<Field, T> {
  const entries = SETTING_NAMES.map((name) => [ROWS[name].field, take(ROWS[name])]);
  return Object.fromEntries(entries) as Record<Field, T>;
}

export const DEFAULT_GUEST = ofRows(({ initial }) => initial) as GuestSpec;

/** A guest in a record, by its keys. */
export const HELD_GUEST = ofRows(({ held }) => held) as {
  readonly [Name in SettingName as Rows[Name]['field']]: Rows[Name]['held'];
};

/** What a setting is typed as: its name, or what it was called before. */
export type SettingKey = SettingName | keyof typeof OLD_SETTINGS;
export const SETTING_KEYS = [...SETTING_NAMES, ...Object.keys(OLD_SETTINGS)] as SettingKey[];

export function isSetting(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key) || Object.hasOwn(OLD_SETTINGS, key);
}

/** The name of what is typed, which may be the old one. */
export function settingName(key: SettingKey): SettingName {
  return Object.hasOwn(SETTINGS, key) ? (key as SettingName) : OLD_SETTINGS[key as keyof typeof OLD_SETTINGS];
}

export function settingOf(key: SettingKey): Row {
  return ROWS[settingName(key)];
}

/** A setting's value as filters, conditions and tables show it: on, off, 512, max,+invtsc, 10us. */
export function settingText(value: Value): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (value === null) return BY_TOPOLOGY;
  return typeof value === 'object' ? refDelayText(value as RefDelay) : String(value);
}

/** The text of a setting that nobody has chosen and that no topology has decided yet. */
const BY_TOPOLOGY = 'by topology';

/** A setting as the guest really has it: if it is left to the topology, what that makes of it. */
export function textOf(guest: GuestSpec, key: SettingKey): string {
  const { field, decided } = settingOf(key);
  const value = guest[field];
  return value === null ? (decided?.(guest) ?? BY_TOPOLOGY) : settingText(value);
}

/** The guest with every setting left open that asks for just what it would be anyway: one guest, one form. */
export function normalizeGuest(guest: GuestSpec): GuestSpec {
  const open = SETTING_NAMES.map((name) => ROWS[name]).filter(
    ({ field, decided }) => guest[field] !== null && decided?.(guest) === guest[field],
  );
  if (open.length === 0) return guest;
  return { ...guest, ...Object.fromEntries(open.map(({ field }) => [field, null])) };
}

/** Checked settings as a matrix writes them, with the fields of GuestSpec. Other keys are left out. */
export function canonicalSettings(raw: Readonly<Record<string, unknown>>): Partial<GuestSpec> {
  const fields: Record<string, Value> = {};
  for (const key of SETTING_KEYS) {
    const { field, canonical } = settingOf(key);
    if (raw[key] !== undefined) fields[field] = canonical(raw[key]) as Value;
  }
  return fields as Partial<GuestSpec>;
}

/**
 * A value or glob of a condition or filter in the form that settingText() gives, or undefined if the setting
 * can have no such value. Numbers may come as text, as they do from a command line.
 */
export function settingPattern(key: SettingKey, raw: unknown): string | undefined {
  if (typeof raw === 'string' && isGlob(raw)) return raw;
  const candidates = typeof raw === 'string' && /^[0-9]+$/.test(raw) ? [raw, Number(raw)] : [raw];
  if (typeof raw === 'string' && /^(true|false)$/.test(raw)) candidates.push(raw === 'true');
  const { schema, canonical } = settingOf(key);
  const value = candidates.find((candidate) => schema.safeParse(candidate).success);
  return value === undefined ? undefined : settingText(canonical(value) as Value);
}
