/** A guest from the options of `tscmatrix boot`, by the same rules as in a matrix file. */
import { UserError } from '../base/errors.ts';
import type { ClockMode } from '../matrix/accelerators.ts';
import {
  canonicalSettings,
  DEFAULT_GUEST,
  normalizeGuest,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
} from '../matrix/settings.ts';
import type { GuestSpec } from '../matrix/types.ts';
import { describeIssues } from '../matrix/zod-problems.ts';
import { impossibleGuest } from '../plan/impossible.ts';

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Tail>}`
  : Name;

export type GuestFlags = { readonly [Name in SettingName as Camel<Name>]?: string | number | boolean };

/** If --clock is absent: counted instructions, unless the other options rule that out or make it useless. */
function clockFor({ topology = DEFAULT_GUEST.topology, smp = 1 }: GuestFlags): ClockMode {
  if (topology === 'nested') return 'deterministic';
  // On the bare emulator counted instructions are for one CPU; host KVM, which auto may be, has none to count.
  return topology === 'tcg' && smp === 1 ? DEFAULT_GUEST.clock : 'real';
}

/** An option's value as the setting takes it: a command line knows only text, also if a number is meant. */
function checkedOption(name: SettingName, value: unknown): unknown {
  const candidates = typeof value === 'string' && /^[0-9]+$/.test(value) ? [value, Number(value)] : [value];
  const results = candidates.map((candidate) => SETTINGS[name].schema.safeParse(candidate));
  const sound = candidates.find((_, index) => results[index]?.success);
  if (sound !== undefined) return sound;
  const issues = results.at(-1)?.error?.issues ?? [];
  const { message, hint } = describeIssues(issues, candidates.at(-1));
  throw new UserError(`--${name} ${value}: ${message}`, hint);
}

/** Throws UserError for what is no setting, and for a guest that cannot be. */
export function guestOf(flags: GuestFlags): GuestSpec {
  const raw: Partial<Record<SettingName, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const value =
      flags[name.replaceAll(/-[a-z]/g, ([, letter = '']) => letter.toUpperCase()) as keyof GuestFlags];
    if (value !== undefined) raw[name] = checkedOption(name, value);
  }
  const guest = normalizeGuest({ ...DEFAULT_GUEST, clock: clockFor(flags), ...canonicalSettings(raw) });
  const impossible = impossibleGuest(guest);
  if (impossible !== undefined)
    throw new UserError(`that guest is impossible: ${impossible.why}`, impossible.instead);
  return guest;
}
