/** What each event of the current version must look like. Keys that are not named here are kept. */
import { z } from 'zod';
import type { Ending } from '../guest/ending/ending.ts';
import { HOST_FAULTS } from '../guest/ending/ending.ts';
import { ACCELERATOR_NAMES, TOPOLOGIES } from '../matrix/accelerators.ts';
import { DEFAULT_GUEST } from '../matrix/settings.ts';
import { FAILURES, REGISTRATIONS } from '../matrix/types.ts';
import { CAUSES, OUTCOMES } from '../verdict/types.ts';
import type { RunEvent } from './types.ts';

const text = z.string();
const texts = z.array(text);
const count = z.int().nonnegative();
const boot = z.int().positive();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime();
const verdict = z.enum([...FAILURES, ...REGISTRATIONS]);
const outcome = z.enum(OUTCOMES);

const disturbance = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('every'), every: count, ns: count }),
  z.looseObject({ kind: z.literal('random'), probability: z.number(), seed: count, ns: count }),
]);
const refDelay = z.looseObject({ pmNs: count, hpetNs: count, disturbance: disturbance.nullable() });
/** The settings with a default here came after the first records; a guest without them had just that. */
const guest = z.looseObject({
  topology: z.enum(TOPOLOGIES),
  clock: z.enum(['real', 'deterministic']),
  cpu: text,
  hpet: z.boolean(),
  pmtimer: z.boolean(),
  smp: count,
  memoryMiB: count,
  machine: text,
  personality: z.enum(['kvm', 'xen', 'hyperv', 'none']).nullable().default(DEFAULT_GUEST.personality),
  refDelay: refDelay.default({ pmNs: 0, hpetNs: 0, disturbance: null }),
  qemu: z.enum(['pinned', 'system']).nullable().default(DEFAULT_GUEST.qemu),
  append: text,
});
const expectation = z.looseObject({
  registration: z.array(verdict.exclude(['infra-error'])),
  current: texts.exactOptional(),
  accuracyPpm: z.number().exactOptional(),
  offByPpm: z.number().exactOptional(),
  reads: z.looseObject({ min: count.exactOptional(), max: count.exactOptional() }).exactOptional(),
  messages: z.looseObject({ must: texts, mustNot: texts }).exactOptional(),
  from: texts,
});
const cell = z.looseObject({ id: text, kernel: text, guest, axes: z.record(text, text), expectation });

const ending = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('finished') }),
  z.looseObject({ kind: z.literal('panic') }),
  z.looseObject({ kind: z.literal('reset'), detail: text }),
  z.looseObject({ kind: z.literal('truncated'), detail: text }),
  z.looseObject({ kind: z.literal('silent'), wallMs: z.number() }),
  z.looseObject({ kind: z.literal('stalled'), limit: z.enum(['wall', 'guest-time']), detail: text }),
  z.looseObject({ kind: z.literal('flood'), bytes: z.number() }),
  z.looseObject({ kind: z.literal('deadline'), wallMs: z.number() }),
  z.looseObject({ kind: z.literal('host-fault'), code: z.enum(HOST_FAULTS), detail: text }),
]);
const diagnosis = z.looseObject({
  registration: z.enum(REGISTRATIONS),
  current: text.nullable(),
  available: texts.nullable(),
  cause: z.enum(CAUSES),
  confidence: z.enum(['certain', 'likely', 'possible', 'none']),
  evidence: z.array(z.looseObject({ line: count, text, shows: text })),
  not: texts,
  next: texts,
  summary: text,
});
const observation = z.looseObject({
  verdict,
  reason: text,
  current: text.nullable(),
  available: texts.nullable(),
  kernelKhz: z.number().nullable(),
  trueKhz: z.number().nullable(),
  trueKhzFrom: text.nullable(),
  ppm: z.number().nullable(),
  readCounts: z.looseObject({ pm: count, hpet: count }).nullable().exactOptional(),
  diagnosis: diagnosis.nullable(),
  differences: z.array(z.looseObject({ what: text, asked: text, got: text, seenBy: text })),
});

const shard = z.looseObject({
  index: boot,
  of: boot,
  planSha256: sha256,
  planCells: texts,
  own: z.array(count),
});
const hostJudgement = z.looseObject({ label: text, outcome, reason: text, verdicts: z.array(verdict) });
const mergedPart = z.looseObject({
  label: text,
  run: text,
  startedAt: time,
  shard: z.looseObject({ index: boot, of: boot }).nullable(),
  provenance: text.nullable(),
  logSha256: sha256,
});

const stamp = { seq: count, at: time };
const EVENTS = [
  z.looseObject({
    ...stamp,
    type: z.literal('run-started'),
    version: count,
    run: text,
    matrix: z.looseObject({ name: text, path: text, sha256 }),
    options: z.looseObject({
      jobs: count,
      repeat: count,
      timeoutS: z.number(),
      filters: texts,
      qemu: text.exactOptional(),
    }),
    shard: shard.exactOptional(),
    label: text.exactOptional(),
  }),
  z.looseObject({ ...stamp, type: z.literal('cell-planned'), cell }),
  z.looseObject({
    ...stamp,
    type: z.literal('kernel-ready'),
    kernel: text,
    path: text,
    sha256,
    release: text,
    origin: text,
    cached: z.boolean(),
  }),
  z.looseObject({
    ...stamp,
    type: z.literal('kernel-failed'),
    kernel: text,
    message: text,
    hint: text.exactOptional(),
  }),
  z.looseObject({
    ...stamp,
    type: z.literal('cell-started'),
    cell: text,
    boot,
    argv: texts,
    accelerator: z.enum(ACCELERATOR_NAMES).exactOptional(),
    acceleratorReason: text.exactOptional(),
    emulator: z.enum(['pinned', 'system']).exactOptional(),
    nested: z.looseObject({ argv: texts, kernelRelease: text, qemuVersion: text, sha256 }).exactOptional(),
    host: text.exactOptional(),
  }),
  z.looseObject({
    ...stamp,
    type: z.literal('cell-retried'),
    cell: text,
    boot,
    nonce: text,
    ending,
    wallMs: z.number(),
    cpuMs: z.number(),
    host: text.exactOptional(),
  }),
  z.looseObject({
    ...stamp,
    type: z.literal('cell-finished'),
    cell: text,
    boot,
    wallMs: z.number(),
    cpuMs: z.number(),
    ending,
    retries: count.exactOptional(),
    observation,
    transcriptSha256: sha256.exactOptional(),
    folder: text,
    host: text.exactOptional(),
  }),
  z.looseObject({
    ...stamp,
    type: z.literal('cell-judged'),
    cell: text,
    outcome,
    reason: text,
    verdicts: z.array(verdict),
    hosts: z.array(hostJudgement).exactOptional(),
  }),
  z.looseObject({
    ...stamp,
    type: z.literal('host-noted'),
    tscmatrix: text,
    node: text,
    qemuVersion: text.nullable(),
    qemuSha256: text.nullable(),
    cpu: text.nullable(),
    kernel: text.nullable(),
    hypervisor: text.nullable(),
    clocksource: text.nullable(),
    pinnedQemu: z.looseObject({ version: text, behaviour: text }).exactOptional(),
    label: text.exactOptional(),
  }),
  z.looseObject({
    ...stamp,
    type: z.literal('run-resumed'),
    again: z.array(z.looseObject({ cell: text, boot })),
  }),
  z.looseObject({ ...stamp, type: z.literal('run-merged'), parts: z.array(mergedPart) }),
  z.looseObject({
    ...stamp,
    type: z.literal('run-finished'),
    interrupted: z.boolean(),
    counts: z.record(outcome, count),
    exitCode: z.int(),
  }),
] as const;
const union = z.discriminatedUnion('type', EVENTS);

/** Makes the type checker refuse this file where it has fallen behind the types. */
type Holds<_T extends true> = true;
type Read = z.output<typeof union>;
export type SchemaMatchesTypes = [
  Holds<Read extends RunEvent ? true : false>,
  Holds<RunEvent['type'] extends Read['type'] ? true : false>,
  Holds<Ending['kind'] extends z.output<typeof ending>['kind'] ? true : false>,
];

export const EVENT_TYPES: ReadonlySet<string> = new Set(EVENTS.map((event) => event.shape.type.value));

export type ParsedEvent =
  | { readonly ok: true; readonly event: Read }
  | { readonly ok: false; readonly why: string };

/** Checks an event of the current version whose type is known. */
export function parseEvent(raw: unknown): ParsedEvent {
  const result = union.safeParse(raw);
  if (result.success) return { ok: true, event: result.data };
  const issue = result.error.issues[0];
  return { ok: false, why: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as described'}` };
}
