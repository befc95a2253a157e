/** Pure. How long each cell took before, and what the machines of the shards can do: the file of --durations. */
import { z } from 'zod';
import { UserError } from '../base/errors.ts';
import { median } from '../base/figures.ts';

export const DURATIONS_VERSION = 1;

const ms = z.number().nonnegative();
const host = z.strictObject({
  /** Whether cells that need the host's KVM can run there. */
  kvm: z.boolean().default(true),
  /** Guests with more do not fit. */
  memoryMiB: z.number().positive().optional(),
  /** Twice the speed takes twice the work. */
  speed: z.number().positive().default(1),
});
const own = z.strictObject({
  version: z.literal(DURATIONS_VERSION),
  /** Wall time of one boot, ms, by cell id. */
  cells: z.record(z.string(), ms).default({}),
  /** One for each shard, in order; absent: all are alike. */
  hosts: z.array(host).optional(),
});
/** What `tscmatrix report --json` and `run --json` print. */
const report = z.looseObject({
  cells: z.array(z.looseObject({ id: z.string(), boots: z.array(z.looseObject({ wallMs: ms.nullable() })) })),
});

export type ShardHost = z.output<typeof host>;

export interface Durations {
  readonly cells: ReadonlyMap<string, number>;
  readonly hosts: readonly ShardHost[] | null;
}

export const NO_DURATIONS: Durations = { cells: new Map(), hosts: null };

function problemsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'the document'}: ${message}`).join('; ');
}

/** Reads the file of --durations: its own form, or the JSON report of a run. Throws UserError that names `path`. */
export function parseDurations(text: string, path: string): Durations {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path} is no JSON: ${(error as Error).message}`, 'docs/shards.md shows its form');
  }
  const run = report.safeParse(raw);
  if (run.success) {
    const cells = run.data.cells.flatMap(({ id, boots }) => {
      const times = boots.flatMap(({ wallMs }) => (wallMs === null ? [] : [wallMs]));
      return times.length === 0 ? [] : [[id, median(times)] as const];
    });
    return { cells: new Map(cells), hosts: null };
  }
  const parsed = own.safeParse(raw);
  if (!parsed.success)
    throw new UserError(`${path}: ${problemsOf(parsed.error)}`, 'docs/shards.md shows its form');
  return { cells: new Map(Object.entries(parsed.data.cells)), hosts: parsed.data.hosts ?? null };
}
