/**
 * The settings of a guest, a row for each: what a matrix may write, what it means, and what a record holds of it. The type
 * GuestSpec, the schemas, cell ids, filters, tables and records follow from the rows. What QEMU and the kernel are asked for it
 * is a row of guest/launch/setting-arguments.ts, how a boot is checked for it one of verdict/machine-check.ts, its option one of
 * cli/commands/boot.ts; these do not compile without it. docs/matrix.md has a line for it, which a test holds to the row.
 */
import { z } from 'zod';
import {
  ACCELERATORS,
  EMULATORS,
  emulatorOf,
  type OpenSettings,
  PERSONALITIES,
  personalityOf,
  TOPOLOGIES,
} from './accelerators.ts';
import { appendFault } from './kernel-parameters.ts';
import { machineFault, pinnedMachine } from './machines.ts';
import { refused } from './names.ts';
import { NO_DELAY, refDelayHeld, refDelayOf, refDelaySchema } from './ref-delay.ts';
import { strict } from './schema-parts.ts';
import { traceOf, traceSchema } from './trace.ts';
import { COUNTED_TSC, tscFrequencyHeld, tscFrequencyOf, tscFrequencySchema } from './tsc-frequency.ts';

/** One setting: its key in matrices, filters and --cell, and with dashes its option of boot, is its key in SETTINGS. */
export interface Setting<Field extends string = string, Held extends z.ZodType = z.ZodType> {
  /** Its key in GuestSpec, and so in records. */
  readonly field: Field;
  /** Its key in cell ids. */
  readonly idKey: string;
  /** What a matrix may write, with a description for editors and docs/matrix.md. */
  readonly schema: z.ZodType;
  /** The meaning of a value that the schema accepts. */
  readonly canonical: (raw: unknown) => z.output<Held>;
  /** What a guest has by default. Cell ids name only what differs from it: never change it. */
  readonly initial: z.output<Held>;
  /** What a record holds. With a default if the setting came after the first records: guests without it had just that. */
  readonly held: Held;
  /** Of one that null leaves open: what topology and clock make of it; undefined if only the host decides. */
  readonly decided?: (guest: OpenSettings) => string | undefined;
}

/** The compiler's check of a row, with its types kept. */
function setting<const Field extends string, Held extends z.ZodType>(row: Setting<Field, Held>) {
  return row;
}

const CPU_FLAG = '[+-]?[A-Za-z0-9][A-Za-z0-9._-]*(=[A-Za-z0-9._:+-]+)?';
const CPU_MODEL = '[A-Za-z0-9][A-Za-z0-9._-]*';
const cpuText = z
  .string()
  .max(400)
  .regex(new RegExp(`^${CPU_MODEL}(,${CPU_FLAG})*$`), 'must be a CPU model and its flags without spaces');
const cpuMap = strict({
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
});
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

/** Of a value that is written as it is meant. */
const same = (raw: unknown): never => raw as never;

const PROBES = ['full', 'brief'] as const;
const count = z.int().nonnegative();
const ACCELERATOR_TEXTS = Object.entries(ACCELERATORS)
  .map(([name, { text }]) => `${name} (${text})`)
  .join(', ');

export const SETTINGS = {
  topology: setting({
    field: 'topology',
    idKey: 'topology',
    schema: z
      .enum(TOPOLOGIES)
      .describe(`What runs the guest: ${ACCELERATOR_TEXTS}, or auto (kvm if it is usable, else nested).`),
    canonical: same,
    initial: 'tcg',
    held: z.enum(TOPOLOGIES),
  }),
  clock: setting({
    field: 'clock',
    idKey: 'clock',
    schema: z
      .enum(['real', 'deterministic'])
      .describe(
        "Time in the guest: the host's (real), or counted instructions (deterministic; not with kvm).",
      ),
    canonical: same,
    initial: 'deterministic',
    held: z.enum(['real', 'deterministic']),
  }),
  cpu: setting({
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
    initial: 'max',
    held: z.string(),
  }),
  'tsc-frequency': setting({
    field: 'tscFrequency',
    idKey: 'tscfreq',
    schema: tscFrequencySchema,
    canonical: tscFrequencyOf,
    initial: null,
    held: tscFrequencyHeld.default(null),
    decided: ({ clock }) => (clock === 'deterministic' ? COUNTED_TSC : 'host'),
  }),
  hpet: setting({
    field: 'hpet',
    idKey: 'hpet',
    schema: switchSchema('Whether the machine has an HPET: on or off (also yes, no, true, false).'),
    canonical: canonicalSwitch,
    initial: true,
    held: z.boolean(),
  }),
  pmtimer: setting({
    field: 'pmtimer',
    idKey: 'pmtimer',
    schema: switchSchema('Whether the kernel uses the ACPI PM timer; off adds pmtmr=0 to its command line.'),
    canonical: canonicalSwitch,
    initial: true,
    held: z.boolean(),
  }),
  smp: setting({
    field: 'smp',
    idKey: 'smp',
    schema: z.int().min(1).max(64).describe('How many CPUs, 1 to 64.'),
    canonical: same,
    initial: 1,
    held: count,
  }),
  memory: setting({
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
    initial: 512,
    held: count,
  }),
  machine: setting({
    field: 'machine',
    idKey: 'machine',
    schema: z
      .string()
      .max(60)
      .check(refused<string>(machineFault))
      .describe('A versioned QEMU machine type; pc and q35 stand for pc-i440fx-7.2 and pc-q35-7.2.'),
    canonical: (raw) => pinnedMachine(String(raw)),
    initial: 'pc-i440fx-7.2',
    held: z.string(),
  }),
  personality: setting({
    field: 'personality',
    idKey: 'personality',
    schema: z
      .enum(PERSONALITIES)
      .describe(
        'What a KVM guest is told that it runs under: kvm, xen, hyperv, or none (KVM hides itself). Not for tcg.',
      ),
    canonical: same,
    initial: null,
    held: z.enum(PERSONALITIES).nullable().default(null),
    decided: ({ topology, clock }) => personalityOf({ topology, clock }),
  }),
  'ref-delay': setting({
    field: 'refDelay',
    idKey: 'refdelay',
    schema: refDelaySchema,
    canonical: refDelayOf,
    initial: NO_DELAY,
    held: refDelayHeld.default(NO_DELAY),
  }),
  emulator: setting({
    // What matrices called it at first is what records and ids hold; OLD_SETTINGS has it for matrices.
    field: 'qemu',
    idKey: 'qemu',
    schema: z
      .enum(EMULATORS)
      .describe(
        "Which QEMU runs the machine: pinned (built here from a pinned source) or system (the host's).",
      ),
    canonical: same,
    initial: null,
    held: z.enum(EMULATORS).nullable().default(null),
    decided: ({ topology, clock }) => emulatorOf({ topology, clock }),
  }),
  probe: setting({
    field: 'probe',
    idKey: 'probe',
    schema: z
      .enum(PROBES)
      .describe('What the probe reports: full, or brief (without the measurement of the clock itself).'),
    canonical: same,
    initial: 'full',
    held: z.string().default('full'),
  }),
  trace: setting({
    field: 'trace',
    idKey: 'trace',
    schema: traceSchema,
    canonical: traceOf,
    initial: '',
    held: z.string().default(''),
  }),
  append: setting({
    field: 'append',
    idKey: 'append',
    schema: z
      .string()
      .max(1000)
      .check(refused<string>(appendFault))
      .describe('Additions to the kernel command line.'),
    canonical: (raw) => String(raw).trim(),
    initial: '',
    held: z.string(),
  }),
};
