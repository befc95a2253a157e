/** The settings of a guest as a matrix writes them: what is allowed, what it means, how it is shown. */
import { z } from 'zod';
import { isGlob } from '../base/glob.ts';
import { ACCELERATORS, emulatorOf, personalityOf, TOPOLOGIES } from './accelerators.ts';
import { appendFault } from './kernel-parameters.ts';
import { machineFault, pinnedMachine } from './machines.ts';
import { NO_DELAY, refDelayOf, refDelaySchema, refDelayText } from './ref-delay.ts';
import { refused } from './refused.ts';
import type { GuestSpec } from './types.ts';

/** What a guest is where nobody says otherwise. Cell ids name only what differs from this: never change it. */
export const DEFAULT_GUEST: GuestSpec = {
  topology: 'tcg',
  clock: 'deterministic',
  cpu: 'max',
  hpet: true,
  pmtimer: true,
  smp: 1,
  memoryMiB: 512,
  machine: 'pc-i440fx-7.2',
  personality: null,
  refDelay: NO_DELAY,
  qemu: null,
  append: '',
};

type Value = GuestSpec[keyof GuestSpec];

/** One setting: its key in matrices and filters is its key in SETTINGS. */
export interface Setting {
  readonly field: keyof GuestSpec;
  /** Its key in cell ids. */
  readonly idKey: string;
  readonly schema: z.ZodType;
  /** The meaning of a value that the schema accepts. */
  readonly canonical: (raw: unknown) => Value;
}

const CPU_FLAG = '[+-]?[A-Za-z0-9][A-Za-z0-9._-]*(=[A-Za-z0-9._:+-]+)?';
const CPU_MODEL = '[A-Za-z0-9][A-Za-z0-9._-]*';
const cpuText = z
  .string()
  .max(400)
  .regex(new RegExp(`^${CPU_MODEL}(,${CPU_FLAG})*$`), 'must be a CPU model and its flags without spaces');
const cpuMap = z.strictObject(
  {
    model: z
      .string()
      .regex(new RegExp(`^${CPU_MODEL}$`), 'must be a CPU model')
      .describe('A model of qemu -cpu help.'),
    flags: z
      .array(
        z
          .string()
          .max(80)
          .regex(new RegExp(`^${CPU_FLAG}$`), 'must be a flag such as +invtsc or model_id=x'),
      )
      .max(40)
      .describe('Flags with + or -, or properties NAME=VALUE.')
      .optional(),
  },
  { error: (issue) => (issue.code === 'unrecognized_keys' ? 'known keys: model, flags' : undefined) },
);
const SWITCH = { true: true, on: true, yes: true, false: false, off: false, no: false } as const;

function switchSchema(description: string): z.ZodType {
  return z
    .literal([true, false, 'on', 'off', 'yes', 'no'], { error: 'must be on or off' })
    .describe(description);
}

const canonicalSwitch = (raw: unknown): boolean => SWITCH[String(raw) as keyof typeof SWITCH];

const MEMORY_MIN_MIB = 64;
const MEMORY_MAX_MIB = 1024 * 1024;
const MEMORY_TEXT = /^[1-9][0-9]{0,8}[MG]$/;
const MEMORY_RULE = `must be a number of MiB from ${MEMORY_MIN_MIB}, or text such as 512M or 1G`;

function memoryFault(text: string): string | undefined {
  const mib = MEMORY_TEXT.test(text) ? memoryMiB(text) : MEMORY_MIN_MIB;
  if (mib < MEMORY_MIN_MIB) return `must be at least ${MEMORY_MIN_MIB} MiB`;
  return mib > MEMORY_MAX_MIB ? `must be at most ${MEMORY_MAX_MIB} MiB` : undefined;
}

function memoryMiB(raw: unknown): number {
  if (typeof raw === 'number') return raw;
  const text = String(raw);
  return Number.parseInt(text, 10) * (text.endsWith('G') ? 1024 : 1);
}

const ACCELERATOR_TEXTS = Object.entries(ACCELERATORS)
  .map(([name, { text }]) => `${name} (${text})`)
  .join(', ');

export const SETTINGS = {
  topology: {
    field: 'topology',
    idKey: 'topology',
    schema: z
      .enum(TOPOLOGIES)
      .describe(`What runs the guest: ${ACCELERATOR_TEXTS}, or auto (kvm where it is usable, else nested).`),
    canonical: (raw) => raw as Value,
  },
  clock: {
    field: 'clock',
    idKey: 'clock',
    schema: z
      .enum(['real', 'deterministic'])
      .describe(
        "Time in the guest: the host's (real), or counted instructions (deterministic; not with kvm).",
      ),
    canonical: (raw) => raw as Value,
  },
  cpu: {
    field: 'cpu',
    idKey: 'cpu',
    schema: z
      .union([cpuText, cpuMap], {
        error: 'must be a CPU model with flags, such as max,+invtsc or {model: max, flags: [+invtsc]}',
      })
      .describe('QEMU\'s -cpu value: "max,+invtsc", or {model: max, flags: [+invtsc]}.'),
    canonical: (raw) => {
      if (typeof raw === 'string') return raw;
      const { model, flags } = raw as z.infer<typeof cpuMap>;
      return [model, ...(flags ?? [])].join(',');
    },
  },
  hpet: {
    field: 'hpet',
    idKey: 'hpet',
    schema: switchSchema('Whether the machine has an HPET.'),
    canonical: canonicalSwitch,
  },
  pmtimer: {
    field: 'pmtimer',
    idKey: 'pmtimer',
    schema: switchSchema('Whether the kernel uses the ACPI PM timer; off adds pmtmr=0 to its command line.'),
    canonical: canonicalSwitch,
  },
  smp: {
    field: 'smp',
    idKey: 'smp',
    schema: z.int().min(1).max(64).describe('How many CPUs, 1 to 64.'),
    canonical: (raw) => raw as Value,
  },
  memory: {
    field: 'memoryMiB',
    idKey: 'mem',
    schema: z
      .union(
        [
          z.int().min(MEMORY_MIN_MIB).max(MEMORY_MAX_MIB),
          z.string().regex(MEMORY_TEXT, MEMORY_RULE).check(refused<string>(memoryFault)),
        ],
        { error: MEMORY_RULE },
      )
      .describe('Memory: a number of MiB, or text such as 512M or 1G.'),
    canonical: memoryMiB,
  },
  machine: {
    field: 'machine',
    idKey: 'machine',
    schema: z
      .string()
      .max(60)
      .check(refused<string>(machineFault))
      .describe('A versioned QEMU machine type; pc and q35 stand for pc-i440fx-7.2 and pc-q35-7.2.'),
    canonical: (raw) => pinnedMachine(String(raw)),
  },
  personality: {
    field: 'personality',
    idKey: 'personality',
    schema: z
      .enum(['kvm', 'xen', 'hyperv', 'none'])
      .describe(
        'What a KVM guest is told that it runs under: kvm, xen, hyperv, or none (KVM hides itself). Not for tcg.',
      ),
    canonical: (raw) => raw as Value,
  },
  'ref-delay': {
    field: 'refDelay',
    idKey: 'refdelay',
    schema: refDelaySchema,
    canonical: refDelayOf,
  },
  qemu: {
    field: 'qemu',
    idKey: 'qemu',
    schema: z
      .enum(['pinned', 'system'])
      .describe(
        "Which QEMU runs the machine: pinned (built here from a pinned source) or system (the host's).",
      ),
    canonical: (raw) => raw as Value,
  },
  append: {
    field: 'append',
    idKey: 'append',
    schema: z
      .string()
      .max(1000)
      .check(refused<string>(appendFault))
      .describe('Additions to the kernel command line.'),
    canonical: (raw) => String(raw).trim(),
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

export function isSetting(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

/** A setting's value as filters, conditions and tables show it: on, off, 512, max,+invtsc, 10us. */
export function settingText(value: Value): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (value === null) return BY_TOPOLOGY;
  return typeof value === 'object' ? refDelayText(value) : String(value);
}

/** The text of a setting that nobody has chosen and that no topology has decided yet. */
const BY_TOPOLOGY = 'by topology';

/** A setting as the guest really has it: where it is left to the topology, what that makes of it. */
export function textOf(guest: GuestSpec, name: SettingName): string {
  const value = guest[SETTINGS[name].field];
  return value === null ? (defaultFor(guest, name) ?? BY_TOPOLOGY) : settingText(value);
}

/** What topology and clock make of a setting that is left to them; undefined where the host decides. */
function defaultFor({ topology, clock }: GuestSpec, name: SettingName): string | undefined {
  return name === 'personality' ? personalityOf({ topology, clock }) : emulatorOf({ topology, clock });
}

/** The guest with every setting left open that asks for just what it would be anyway: one guest, one form. */
export function normalizeGuest(guest: GuestSpec): GuestSpec {
  const isOpen = (name: 'personality' | 'qemu'): boolean =>
    guest[name] !== null && guest[name] === defaultFor(guest, name);
  if (!isOpen('personality') && !isOpen('qemu')) return guest;
  return {
    ...guest,
    personality: isOpen('personality') ? null : guest.personality,
    qemu: isOpen('qemu') ? null : guest.qemu,
  };
}

/** Checked settings as a matrix writes them, with the fields of GuestSpec. Other keys are left out. */
export function canonicalSettings(raw: Readonly<Record<string, unknown>>): Partial<GuestSpec> {
  const fields: Record<string, Value> = {};
  for (const name of SETTING_NAMES) {
    const setting: Setting = SETTINGS[name];
    if (raw[name] !== undefined) fields[setting.field] = setting.canonical(raw[name]);
  }
  return fields as Partial<GuestSpec>;
}

/**
 * A value or glob of a condition or filter in the form that settingText() gives, or undefined where the setting
 * can have no such value. Numbers may come as text, as they do from a command line.
 */
export function settingPattern(name: SettingName, raw: unknown): string | undefined {
  if (typeof raw === 'string' && isGlob(raw)) return raw;
  const candidates = typeof raw === 'string' && /^[0-9]+$/.test(raw) ? [raw, Number(raw)] : [raw];
  if (typeof raw === 'string' && /^(true|false)$/.test(raw)) candidates.push(raw === 'true');
  const setting: Setting = SETTINGS[name];
  const value = candidates.find((candidate) => setting.schema.safeParse(candidate).success);
  return value === undefined ? undefined : settingText(setting.canonical(value));
}
