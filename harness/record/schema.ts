/** What each event of the current version must look like. Keys that are not named here are kept. */
import { z } from 'zod';
import type { Dump } from '../guest/dump-file.ts';
import { type Ending, HOST_FAULTS } from '../guest/ending/ending.ts';
import { ACCELERATOR_NAMES, EMULATORS } from '../matrix/accelerators.ts';
import { HELD_GUEST } from '../matrix/settings.ts';
import { FAILURES, REGISTRATIONS } from '../matrix/types.ts';
import type { ShardPart } from '../plan/shard.ts';
import type { Cell } from '../plan/types.ts';
import { CAUSES, type Observation, OUTCOMES } from '../verdict/types.ts';
import { clockExpectation, clockFacts } from './clock-schema.ts';
import { numbersExpected, plannedTests, testResults, testsExpected } from './tests-schema.ts';

/** What a schema says and no more: a key that is not named is kept, and is nothing to rely on. */
type Known<T> = T extends readonly (infer Item)[]
  ? readonly Known<Item>[]
  : T extends object
    ? { readonly [Key in keyof T as Unnamed<T, Key> extends true ? never : Key]: Known<T[Key]> }
    : T;
type Unnamed<T, Key extends keyof T> = string extends Key ? (unknown extends T[Key] ? true : false) : false;

/** For a value whose type another room has: the compiler refuses the schema if one of the two has fallen behind. */
const exactly =
  <T>() =>
  <S extends z.ZodType<T>>(schema: S & (T extends Known<z.output<S>> ? unknown : never)): z.ZodType<T> =>
    schema;

const text = z.string();
const texts = z.array(text);
const count = z.int().nonnegative();
const boot = z.int().positive();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime();
const verdict = z.enum([...FAILURES, ...REGISTRATIONS]);
const outcome = z.enum(OUTCOMES);

const guest = z.looseObject(HELD_GUEST);
const knownIssue = z.looseObject({
  reason: text,
  url: text.exactOptional(),
  until: text.exactOptional(),
});
const asked = z.looseObject({
  registration: z.array(verdict.exclude(['infra-error'])),
  current: texts.exactOptional(),
  accuracyPpm: z.number().exactOptional(),
  offByPpm: z.number().exactOptional(),
  reads: z.looseObject({ min: count.exactOptional(), max: count.exactOptional() }).exactOptional(),
  clock: clockExpectation.exactOptional(),
  messages: z.looseObject({ must: texts, mustNot: texts }).exactOptional(),
  tests: testsExpected.exactOptional(),
  numbers: numbersExpected.exactOptional(),
  from: texts,
});
const expectation = asked.extend({
  known: knownIssue.extend({ rule: text, otherwise: asked }).exactOptional(),
});
const cell = exactly<Cell>()(
  z.looseObject({
    id: text,
    kernel: text,
    guest,
    axes: z.record(text, text),
    expectation,
    line: boot.exactOptional(),
    tests: plannedTests.exactOptional(),
  }),
);

const dump = exactly<Dump>()(
  z.union([
    z.looseObject({ file: text, bytes: count, format: z.enum(['kdump-zlib', 'elf']) }),
    z.looseObject({ none: text }),
  ]),
);

const ending = exactly<Ending>()(
  z.discriminatedUnion('kind', [
    z.looseObject({ kind: z.literal('finished') }),
    z.looseObject({ kind: z.literal('panic') }),
    z.looseObject({ kind: z.literal('reset'), detail: text }),
    z.looseObject({ kind: z.literal('truncated'), detail: text }),
    z.looseObject({ kind: z.literal('silent'), wallMs: z.number() }),
    z.looseObject({ kind: z.literal('stalled'), limit: z.enum(['wall', 'guest-time']), detail: text }),
    z.looseObject({ kind: z.literal('flood'), bytes: z.number() }),
    z.looseObject({ kind: z.literal('deadline'), wallMs: z.number() }),
    z.looseObject({ kind: z.literal('host-fault'), code: z.enum(HOST_FAULTS), detail: text }),
  ]),
);
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
const observation = exactly<Observation>()(
  z.looseObject({
    verdict,
    reason: text,
    current: text.nullable(),
    available: texts.nullable(),
    kernelKhz: z.number().nullable(),
    trueKhz: z.number().nullable(),
    trueKhzFrom: text.nullable(),
    ppm: z.number().nullable(),
    ppmWithin: z.number().exactOptional(),
    toldKhz: z.number().nullable().exactOptional(),
    toldPpm: z.number().nullable().exactOptional(),
    readCounts: z.looseObject({ pm: count, hpet: count }).nullable().exactOptional(),
    clock: clockFacts.nullable().exactOptional(),
    tests: testResults.exactOptional(),
    diagnosis: diagnosis.nullable(),
    differences: z.array(z.looseObject({ what: text, asked: text, got: text, seenBy: text })),
  }),
);

const shard = exactly<ShardPart>()(
  z.looseObject({
    index: boot,
    of: boot,
    planSha256: sha256,
    planCells: texts,
    own: z.array(count),
  }),
);
/** The reason is one sentence, for a table's footnote and a JUnit failure. */
const judgement = { outcome, reason: text, verdicts: z.array(verdict), known: knownIssue.exactOptional() };
/** In a merged record: label of the host that it ran on. */
const host = text.exactOptional();
const mergedPart = z.looseObject({
  label: text,
  run: text,
  startedAt: time,
  shard: z.looseObject({ index: boot, of: boot }).nullable(),
  /** File of this run's folder with the provenance of the part; null if the part had none. */
  provenance: text.nullable(),
  /** sha256 of the part's event log. */
  logSha256: sha256,
});

/** Each event, one JSON object a line of the log. The types of record/types.ts are inferred from these. */
const EVENTS = [
  z.looseObject({
    type: z.literal('run-started'),
    version: count,
    run: text,
    at: time,
    matrix: z.looseObject({ name: text, path: text, sha256 }),
    options: z.looseObject({
      jobs: count,
      repeat: count,
      timeoutS: z.number(),
      filters: texts,
      /** QEMU's program as it was asked for; absent in the first records. */
      qemu: text.exactOptional(),
    }),
    /** If the run is one part of a plan. */
    shard: shard.exactOptional(),
    /** What the user calls this host. */
    label: text.exactOptional(),
  }),
  /** One for each cell of the plan, before anything boots, so that a lost cell is seen as lost. */
  z.looseObject({ type: z.literal('cell-planned'), cell }),
  z.looseObject({
    type: z.literal('kernel-ready'),
    kernel: text,
    path: text,
    sha256,
    /** The release that the image itself names, for example "6.1.0-56-cloud-amd64 (...) #1 SMP ...". */
    release: text,
    /** Where it came from, for people: a package with its version, a path, a URL. */
    origin: text,
    cached: z.boolean(),
    /** Of one that was built from a commit: where that was taken from, and its full id. Absent in earlier records. */
    git: z.looseObject({ repository: text, commit: text }).exactOptional(),
  }),
  z.looseObject({
    type: z.literal('kernel-failed'),
    kernel: text,
    message: text,
    hint: text.exactOptional(),
  }),
  z.looseObject({
    type: z.literal('cell-started'),
    cell: text,
    /** From 1: which boot of this cell in this run. */
    boot,
    at: time,
    argv: texts,
    /** What the topology came to and why; absent in the first records. */
    accelerator: z.enum(ACCELERATOR_NAMES).exactOptional(),
    acceleratorReason: text.exactOptional(),
    /** Which QEMU runs the machine itself. */
    emulator: z.enum(EMULATORS).exactOptional(),
    /** Of a nested guest: its own QEMU's command line in the appliance, and what the appliance is. */
    /** The tests that its initramfs holds: which bytes ran. */
    tests: z.array(z.looseObject({ name: text, sha256 })).exactOptional(),
    nested: z.looseObject({ argv: texts, kernelRelease: text, qemuVersion: text, sha256 }).exactOptional(),
    host,
  }),
  /** An attempt at a boot ended in a fault of the machines below its guest, and is made again with another nonce. */
  z.looseObject({
    type: z.literal('cell-retried'),
    cell: text,
    boot,
    at: time,
    /** Of the attempt that failed, as are the rest. */
    nonce: text,
    ending,
    wallMs: z.number(),
    cpuMs: z.number(),
    host,
  }),
  z.looseObject({
    type: z.literal('cell-finished'),
    cell: text,
    boot,
    at: time,
    wallMs: z.number(),
    /** CPU time of QEMU, user and system. */
    cpuMs: z.number(),
    ending,
    /** Attempts before this one that failed; absent if none did. */
    retries: count.exactOptional(),
    observation,
    /** sha256 of the transcript (docs/probe-protocol.md); absent if the end frame never came. */
    transcriptSha256: sha256.exactOptional(),
    /** The memory of a guest that did not come to its end, if it was to be kept: memory.dump in the folder, or why there is none. */
    dump: dump.exactOptional(),
    /** Folder of this boot within the run's folder: console.log, evidence.json, command.sh, boot.json. */
    folder: text,
    host,
  }),
  z.looseObject({
    type: z.literal('cell-judged'),
    cell: text,
    ...judgement,
    /** In a merged record, if several hosts ran the cell: what each of them said. */
    hosts: z.array(z.looseObject({ label: text, ...judgement })).exactOptional(),
  }),
  /** What of the provenance people need beside a result; the whole is in provenance.json. Null: unavailable. */
  z.looseObject({
    type: z.literal('host-noted'),
    tscmatrix: text,
    node: text,
    qemuVersion: text.nullable(),
    qemuSha256: text.nullable(),
    cpu: text.nullable(),
    kernel: text.nullable(),
    /** "none" on bare metal. */
    hypervisor: text.nullable(),
    clocksource: text.nullable(),
    /** The QEMU that was built here, if a cell of the run needs it; qemuVersion is always the system's. */
    pinnedQemu: z.looseObject({ version: text, behaviour: text }).exactOptional(),
    /** In a merged record: whose facts these are. The last event is without one, with what all hosts have in common. */
    label: text.exactOptional(),
  }),
  /** Somebody resumed a run that had ended before its last cell. What follows belongs to the same run. */
  z.looseObject({
    type: z.literal('run-resumed'),
    at: time,
    /** Boots that had begun, or whose files were lost, and are booted again. */
    again: z.array(z.looseObject({ cell: text, boot })),
  }),
  /** The record was made of others: those of shards, or of the same cells on several hosts. */
  z.looseObject({ type: z.literal('run-merged'), at: time, parts: z.array(mergedPart) }),
  z.looseObject({
    type: z.literal('run-finished'),
    at: time,
    interrupted: z.boolean(),
    counts: z.record(outcome, count),
    exitCode: z.int(),
  }),
] as const;
/** What the writer adds: numbers from 0 without a gap, and when it was written (ISO 8601, UTC). */
const stamp = z.object({ seq: count, at: time });
const union = z.discriminatedUnion('type', EVENTS);

export type AnyEvent = Known<z.output<typeof union>>;
export type Stamp = Readonly<z.output<typeof stamp>>;

export const EVENT_TYPES: ReadonlySet<string> = new Set(EVENTS.map((event) => event.shape.type.value));

type ParsedEvent =
  | { readonly ok: true; readonly event: AnyEvent & Stamp }
  | { readonly ok: false; readonly why: string };

/** Checks an event of the current version whose type is known. */
export function parseEvent(raw: unknown): ParsedEvent {
  const [stamped, result] = [stamp.safeParse(raw), union.safeParse(raw)];
  if (stamped.success && result.success) return { ok: true, event: { ...stamped.data, ...result.data } };
  const issue = (stamped.error ?? result.error)?.issues[0];
  return { ok: false, why: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as described'}` };
}
