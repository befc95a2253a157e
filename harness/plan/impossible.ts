/** Combinations that cannot be booted as they are asked for: errors with the remedy, never quietly left out. */
import { isKvmGuest, needsHostKvm } from '../matrix/accelerators.ts';
import { SETTING_NAMES, SETTINGS, settingText } from '../matrix/settings.ts';
import type { GuestSpec } from '../matrix/types.ts';
import type { Choice, Combination } from './combinations.ts';

type Field = keyof GuestSpec;

interface Fault {
  readonly message: string;
  readonly hint: string;
  /** The choice that a message about it should point to; absent if no axis is to blame. */
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
    test: (guest) => needsHostKvm(guest.topology) && guest.clock === 'deterministic',
    // QEMU 7.2 softmmu/icount.c, icount_configure(): "-icount is not allowed with hardware virtualization".
    why: 'deterministic time is counted instructions, which host KVM does not have',
    instead: 'set clock: real, or topology: nested or tcg',
  },
  {
    fields: ['topology', 'cpu'],
    test: (guest) => !isKvmGuest(guest.topology) && /^host(,|$)/.test(guest.cpu),
    // QEMU target/i386/host-cpu.c: the model exists only with a hardware accelerator.
    why: 'the CPU model host needs KVM',
    instead: 'set topology: nested, or topology: kvm and clock: real, or another cpu',
  },
  {
    fields: ['topology', 'cpu'],
    test: ({ topology, clock, cpu }) =>
      !isKvmGuest(topology) && clock === 'deterministic' && /,tsc[-_]frequency=/.test(cpu),
    // The pinned QEMU obeys it (patch 0005 of images/qemu), and every figure in cycles goes by the setting.
    why: "it names the TSC's frequency, which is a setting",
    instead: 'leave it out of cpu, and set tsc-frequency',
  },
  {
    fields: ['topology', 'personality'],
    test: (guest) => !isKvmGuest(guest.topology) && guest.personality !== null,
    // QEMU target/i386/kvm/: Xen and Hyper-V are emulated, and kvm=off is obeyed, by its KVM code alone.
    why: 'only a KVM guest has a personality',
    instead: 'set topology: nested or kvm, or leave the personality out',
  },
  {
    fields: ['topology', 'refDelay'],
    test: (guest) => !isKvmGuest(guest.topology) && settingText(guest.refDelay) !== '0',
    // The delay is put between KVM_RUN's return for a read of the counter and the next KVM_RUN.
    why: 'what is delayed is an exit to the hypervisor, and an emulated CPU has none',
    instead: 'set topology: nested or kvm, or ref-delay: 0',
  },
];

/** What is impossible about a guest, as a sentence and a remedy, or undefined. */
export function impossibleGuest(
  guest: GuestSpec,
): { readonly why: string; readonly instead: string } | undefined {
  return PAIRS.find(({ test }) => test(guest));
}

/** Everything that is impossible about a combination. */
export function impossible(combination: Combination): readonly Fault[] {
  const { clash, guest } = combination;
  if (clash === undefined) {
    return PAIRS.filter(({ test }) => test(guest)).map((pair) => pairFault(pair, combination));
  }
  const { field, first, second } = clash;
  const choices = [first, second];
  return [
    {
      message: `${said(first)} sets ${keyOf(field)} to ${shown(first, field)}, ${said(second)} to ${shown(second, field)}`,
      hint: `let one axis set ${keyOf(field)}, or leave the combination out: ${remedy(choices)}`,
      choice: second,
    },
  ];
}

function pairFault(pair: Pair, { guest, decidedBy }: Combination): Fault {
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
