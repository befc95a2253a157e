/** Combinations that cannot be booted as they are asked for: errors with the remedy, never quietly left out. */
import { SETTING_NAMES, SETTINGS, settingText } from '../matrix/settings.ts';
import type { GuestSpec } from '../matrix/types.ts';
import type { Choice, Combination } from './combinations.ts';

type Field = keyof GuestSpec;

export interface Fault {
  readonly message: string;
  readonly hint: string;
  /** The choice that a message about it should point to; absent where no axis is to blame. */
  readonly choice: Choice | undefined;
}

interface Pair {
  readonly fields: readonly [Field, Field];
  readonly test: (guest: GuestSpec) => boolean;
  readonly why: string;
  /** What to set instead. */
  readonly instead: string;
}

const PAIRS: readonly Pair[] = [
  {
    fields: ['topology', 'clock'],
    test: (guest) => guest.topology !== 'tcg' && guest.clock === 'deterministic',
    // QEMU 7.2 softmmu/icount.c, icount_configure(): "-icount is not allowed with hardware virtualization".
    why: 'deterministic time is counted instructions, which only tcg has',
    instead: 'set clock: real, or topology: tcg',
  },
  {
    fields: ['topology', 'cpu'],
    test: (guest) => guest.topology === 'tcg' && /^host(,|$)/.test(guest.cpu),
    // QEMU target/i386/host-cpu.c: the model exists only with a hardware accelerator.
    why: 'the CPU model host needs kvm',
    instead: 'set topology: kvm and clock: real, or another cpu',
  },
];

/** What is impossible about a guest, as a sentence and a remedy, or undefined. */
export function impossibleGuest(
  guest: GuestSpec,
): { readonly why: string; readonly instead: string } | undefined {
  return PAIRS.find(({ test }) => test(guest));
}

/** What is impossible about a combination, or undefined. */
export function impossible(combination: Combination): Fault | undefined {
  const { clash, guest, decidedBy } = combination;
  if (clash !== undefined) {
    const { field, first, second } = clash;
    const choices = [first, second];
    return {
      message: `${said(first)} sets ${keyOf(field)} to ${shown(first, field)}, ${said(second)} to ${shown(second, field)}`,
      hint: `let one axis set ${keyOf(field)}, or leave the combination out: ${remedy(choices)}`,
      choice: second,
    };
  }
  const pair = PAIRS.find(({ test }) => test(guest));
  if (pair === undefined) return undefined;
  const parts = pair.fields.map((field) => {
    const choice = decidedBy.get(field);
    const named = `${keyOf(field)} ${settingText(guest[field])}`;
    if (choice?.axis === keyOf(field)) return named;
    return `${named} (${choice === undefined ? 'the default' : said(choice)})`;
  });
  const choices = pair.fields.flatMap((field) => decidedBy.get(field) ?? []);
  return {
    message: `${parts.join(' with ')} is impossible: ${pair.why}`,
    hint: pairHint(pair, choices),
    choice: choices[0],
  };
}

function pairHint(pair: Pair, choices: readonly Choice[]): string {
  // Both from axes: only this combination is wrong. Otherwise every cell with the one value is.
  const distinct = [...new Set(choices)];
  if (distinct.length === 2) return `leave it out: ${remedy(distinct)}`;
  return pair.instead;
}

function remedy(choices: readonly Choice[]): string {
  const conditions = choices.map(({ axis, value }) => `${axis}: ${yamlText(value.name)}`);
  return `exclude: [{ ${conditions.join(', ')} }]`;
}

function yamlText(text: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(text) ? text : JSON.stringify(text);
}

function said({ axis, value }: Choice): string {
  return `${axis} ${value.name === '' ? '""' : value.name}`;
}

function shown({ value }: Choice, field: Field): string {
  return JSON.stringify(settingText(value.settings[field] ?? ''));
}

function keyOf(field: Field): string {
  return SETTING_NAMES.find((name) => SETTINGS[name].field === field) ?? field;
}
