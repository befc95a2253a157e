/** What a run rests on: provenance.json. A fact that is unavailable is null and says why; it is never guessed. */
import { z } from 'zod';

export const PROVENANCE_VERSION = 1;

function fact<T extends z.ZodType>(value: T) {
  return z.union([z.looseObject({ value }), z.looseObject({ value: z.null(), reason: z.string() })]);
}
const textFact = fact(z.string());
const numberFact = fact(z.number());

const provenance = z.looseObject({
  version: z.int().positive(),
  /** When these facts were gathered, ISO 8601, UTC. */
  at: z.string(),
  tscmatrix: z.looseObject({ version: z.string(), commit: textFact, dirty: fact(z.boolean()) }),
  node: z.string(),
  matrix: z.looseObject({ name: z.string(), path: z.string(), sha256: z.string() }),
  qemu: z.looseObject({ path: textFact, version: textFact, sha256: textFact }),
  /** The QEMU that was built here, if a cell runs on it or in it; absent in other records. */
  pinnedQemu: z
    .looseObject({
      path: z.string(),
      version: z.string(),
      /** Of the source package. */
      debianVersion: z.string(),
      sha256: z.string(),
      /** Everything that decides its bytes, and what decides how a guest behaves: docs/pinned-qemu.md. */
      key: z.string(),
      behaviour: z.string(),
    })
    .exactOptional(),
  /** What nested guests run in. */
  appliance: z
    .looseObject({ kernelRelease: z.string(), qemuVersion: z.string(), sha256: z.string() })
    .exactOptional(),
  kernels: z.array(
    z.looseObject({
      name: z.string(),
      path: z.string(),
      origin: z.string(),
      release: z.string(),
      sha256: textFact,
    }),
  ),
  /** Other files that go into a guest, by what they are, for example "initramfs". */
  files: z.array(z.looseObject({ name: z.string(), path: z.string(), sha256: textFact })),
  /** How far builds and QEMU were confined on this host, in words; absent in records of earlier versions. */
  confinement: z.looseObject({ builds: z.string(), qemu: z.string() }).exactOptional(),
  host: z.looseObject({
    cpu: textFact,
    cpus: z.int(),
    kernel: z.string(),
    /** "none" on bare metal. */
    hypervisor: textFact,
    clocksource: z.looseObject({ current: textFact, available: fact(z.array(z.string())) }),
    tscKhz: numberFact,
    /** Of the last 1, 5 and 15 minutes. */
    load: z.array(z.number()),
    memoryMiB: z.number(),
    memoryFreeMiB: z.number(),
  }),
});

export type Provenance = z.output<typeof provenance>;
export type Fact<T> = { value: T } | { value: null; reason: string };

/** Checks what was read from provenance.json. Throws if it is not of a version that is known here. */
export function parseProvenance(raw: unknown): Provenance {
  const version = z.looseObject({ version: z.number() }).parse(raw).version;
  if (version > PROVENANCE_VERSION) throw new Error(`it is of the newer version ${version}`);
  return provenance.parse(raw);
}
