/** What a guest can run on: a row for each. All that other rooms ask of an accelerator in general is told here. */

export type ClockMode = 'real' | 'deterministic';
/** What a KVM guest is told that it runs under. */
export const PERSONALITIES = ['kvm', 'xen', 'hyperv', 'none'] as const;
export type Personality = (typeof PERSONALITIES)[number];
/** Which QEMU runs the machine itself: the one built here from a pinned source, or the host's own. */
export const EMULATORS = ['pinned', 'system'] as const;
export type Emulator = (typeof EMULATORS)[number];
/** QEMU's own accelerator, as its -accel has it. */
export type QemuAccelerator = 'tcg' | 'kvm';

interface Row {
  /** For people: what runs the guest. */
  readonly text: string;
  /** What the QEMU next to the guest runs it with; kvm makes it a KVM guest, with a personality and with exits. */
  readonly qemu: QemuAccelerator;
  /** KVM of this host is what runs it. */
  readonly needsHostKvm: boolean;
  /** It runs in the appliance, which is made for the pinned QEMU. */
  readonly needsAppliance: boolean;
  /** Wall time of one boot if nothing is known, ms, measured on 2 cores without KVM (docs/shards.md). */
  readonly typicalMs: { readonly [clock in ClockMode]?: number };
}

export const ACCELERATORS = {
  tcg: {
    text: 'emulated CPU',
    qemu: 'tcg',
    needsHostKvm: false,
    needsAppliance: false,
    typicalMs: { deterministic: 6000, real: 5000 },
  },
  kvm: {
    text: 'the host',
    qemu: 'kvm',
    needsHostKvm: true,
    needsAppliance: false,
    typicalMs: { real: 3000 },
  },
  nested: {
    text: 'KVM in an appliance',
    qemu: 'kvm',
    needsHostKvm: false,
    needsAppliance: true,
    typicalMs: { deterministic: 25_000, real: 30_000 },
  },
} as const satisfies Record<string, Row>;

/** What runs a guest; `nested` is a KVM guest (L2) in an appliance (L1) that QEMU runs. */
export type Accelerator = keyof typeof ACCELERATORS;
export const ACCELERATOR_NAMES = Object.keys(ACCELERATORS) as [Accelerator, ...Accelerator[]];

/** As it is asked for: auto is a KVM guest of the host, or nested. */
export type Topology = Accelerator | 'auto';
export const TOPOLOGIES: readonly [Topology, ...Topology[]] = [...ACCELERATOR_NAMES, 'auto'];

/** Wall time of one boot if nothing is known, ms; undefined if no guest has that clock. */
export function typicalMs(topology: Topology, clock: ClockMode): number | undefined {
  // Of auto no host is known: the time of the quickest.
  const row: Row = ACCELERATORS[topology === 'auto' ? 'tcg' : topology];
  return row.typicalMs[clock];
}

export function needsHostKvm(topology: Topology): boolean {
  return topology !== 'auto' && ACCELERATORS[topology].needsHostKvm;
}

/** Whether the guest is one of KVM: only then it has a personality, and exits that can be counted and slowed. */
export function isKvmGuest(topology: Topology): boolean {
  return topology === 'auto' || ACCELERATORS[topology].qemu === 'kvm';
}

/** What of a wish decides the settings that it leaves open. A resolved accelerator may stand for the topology. */
export interface OpenSettings {
  readonly topology: Topology;
  readonly clock: ClockMode;
  readonly personality?: Personality | null;
  readonly qemu?: Emulator | null;
}

/** What the guest is told that it runs under: kvm if a KVM guest leaves it open; tcg for any other guest. */
export function personalityOf({ topology, personality }: OpenSettings): Personality | 'tcg' {
  return isKvmGuest(topology) ? (personality ?? 'kvm') : 'tcg';
}

/**
 * Which QEMU runs the machine; undefined if only the host decides what `auto` is. Counted instructions are the pinned
 * one's: only there they are a function of the inputs alone (patch 0004 of images/qemu), and the same on every machine.
 */
export function emulatorOf(guest: OpenSettings & { readonly topology: Accelerator }): Emulator;
export function emulatorOf(guest: OpenSettings): Emulator | undefined;
export function emulatorOf({ topology, clock, qemu }: OpenSettings): Emulator | undefined {
  if (qemu != null) return qemu;
  if (clock === 'deterministic') return 'pinned';
  if (topology === 'auto') return undefined;
  return ACCELERATORS[topology].needsAppliance ? 'pinned' : 'system';
}
