/** From a cell's wish (GuestSpec) to the machine that it runs on here. Never a silent fallback. */

import { createHash } from 'node:crypto';
import { HostFault } from '../base/errors.ts';
import { decide } from '../guest/accelerator.ts';
import type { KvmCheck } from '../guest/kvm-check.ts';
import { makeLaunch } from '../guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../guest/launch/command-line.ts';
import type { ApplianceFiles, Decisions, Launch, Machine } from '../guest/types.ts';
import type { Appliance } from '../image/appliance.ts';
import type { ProbeImage } from '../image/probe-image.ts';
import type { PinnedQemu } from '../image/qemu/types.ts';
import type { TestImage } from '../image/test-image.ts';
import type { BuildError } from '../kernel/acquire.ts';
import {
  ACCELERATORS,
  type Accelerator,
  type ClockMode,
  needsHostKvm,
  type Topology,
} from '../matrix/accelerators.ts';
import { askedTscKhz, COUNTED_TSC_KHZ } from '../matrix/tsc-frequency.ts';
import type { GuestSpec, TestSpec } from '../matrix/types.ts';
import type { Cell } from '../plan/types.ts';

/** Why a part of a machine could not be made here. */
export type PartFault = HostFault | BuildError;

/** What this host has for machines; made ready once for a plan (make-ready.ts). */
export interface HostOffer {
  /** The system's QEMU. */
  readonly qemu: string;
  /** Null if no cell needed KVM of the host. */
  readonly trial: KvmCheck | null;
  readonly nested: {
    /** Null if no cell wants one. */
    readonly appliance: Appliance | PartFault | null;
    readonly pinned: PinnedQemu | PartFault | null;
    /** Counts and slows the exits of guests of host KVM; null if there is none. */
    readonly exitsLibrary: string | null;
  };
  /** The initramfs of each trace that a cell asks for. */
  readonly traced: ReadonlyMap<string, ProbeImage>;
  /** The appliance with what it runs on here; null without one. */
  readonly appliance: ApplianceFiles | null;
}

/** This host cannot run such a guest, and why. */
export interface Skipped {
  readonly kind: 'skipped';
  readonly reason: string;
}

/** What a cell comes to. It is decided once for a cell; all that follows takes this value. */
export type Resolved =
  | { readonly kind: 'runnable'; readonly machine: Machine }
  /** This host could run it, and a part of its machine could not be made. */
  | { readonly kind: 'missing'; readonly decisions: Decisions; readonly fault: PartFault }
  | Skipped;

/** QEMU 7.2 softmmu/icount.c, icount_configure(): "-icount is not allowed with hardware virtualization". */
const NOT_ON_KVM = 'deterministic time needs -icount, which host KVM does not have';

/**
 * What runs the guest, before anything is made for it. auto is a KVM guest wherever it runs: on the host where the trial
 * says that its KVM is sound, else nested; plain tcg is another guest, and comes only if it was asked for.
 */
export function choose(guest: GuestSpec, trial: KvmCheck | null): Decisions | Skipped {
  const { topology, clock } = guest;
  const first: Accelerator = topology === 'auto' ? 'kvm' : topology;
  const against = ACCELERATORS[first].needsHostKvm ? reasonAgainstKvm(clock, trial) : null;
  if (against !== null && topology !== 'auto') return { kind: 'skipped', reason: against };
  const decisions =
    against === null
      ? decide(guest, first, reasonFor(topology, first, trial))
      : decide(guest, 'nested', `auto: nested, for ${against}`);
  const reason = reasonAgainstFrequency(guest, decisions, trial);
  return reason === null ? decisions : { kind: 'skipped', reason };
}

/** Why no host runs such a guest, or null: what KVM of the host decides is open. */
export function skippedEverywhere(guest: GuestSpec): string | null {
  const hostDecides = guest.clock === 'real' && (guest.topology === 'auto' || needsHostKvm(guest.topology));
  const choice = hostDecides ? null : choose(guest, null);
  return choice !== null && 'kind' in choice ? choice.reason : null;
}

/** Why the guest's TSC cannot have the frequency that was asked for, or null. */
function reasonAgainstFrequency(
  guest: GuestSpec,
  { accelerator, emulator }: Decisions,
  trial: KvmCheck | null,
): string | null {
  const khz = askedTscKhz(guest);
  if (khz === null) return null;
  const asked = `tsc-frequency ${guest.tscFrequency}`;
  if (guest.clock === 'deterministic') {
    return emulator === 'pinned' || khz === COUNTED_TSC_KHZ
      ? null
      : `${asked} needs the pinned QEMU: any other counts instructions as a TSC of 1 GHz`;
  }
  if (!ACCELERATORS[accelerator].needsHostKvm)
    return `${asked} needs counted instructions or KVM of the host: in real time the TSC of a ${accelerator} guest runs as the host's does`;
  return trial?.scalesTsc === true
    ? null
    : `${asked} needs KVM that scales the TSC: neither tsc_scale nor tsc_scaling among the CPU's flags, or kvm_amd has tsc_scaling=N`;
}

function reasonFor(topology: Topology, accelerator: Accelerator, trial: KvmCheck | null): string {
  if (!ACCELERATORS[accelerator].needsHostKvm) return `topology ${topology} was asked for`;
  return `${topology === 'auto' ? 'auto: ' : ''}KVM was tried: ${trial?.reason}`;
}

/** Why host KVM cannot run a guest with this clock, or null. */
function reasonAgainstKvm(clock: ClockMode, trial: KvmCheck | null): string | null {
  if (clock === 'deterministic') return NOT_ON_KVM;
  return trial?.usable === true ? null : `KVM is not usable here: ${trial?.reason ?? 'it was not tried'}`;
}

export function resolveMachine(guest: GuestSpec, offer: HostOffer): Resolved {
  const decisions = choose(guest, offer.trial);
  if ('kind' in decisions) return decisions;
  const { appliance, pinned, exitsLibrary } = offer.nested;
  const { needsAppliance, needsHostKvm } = ACCELERATORS[decisions.accelerator];
  if (needsAppliance && appliance instanceof Error) return { kind: 'missing', decisions, fault: appliance };
  const own = decisions.emulator === 'pinned' ? pinned : null;
  if (own instanceof Error) return { kind: 'missing', decisions, fault: own };
  const machine: Machine = {
    guest,
    ...decisions,
    qemu: own?.program ?? offer.qemu,
    firmwareDir: own?.firmwareDir ?? null,
    appliance: needsAppliance ? offer.appliance : null,
    exitsLibrary: needsHostKvm ? exitsLibrary : null,
    ...tracedInitrd(guest, offer),
  };
  return { kind: 'runnable', machine };
}

function tracedInitrd({ trace }: GuestSpec, { traced }: HostOffer): Pick<Machine, 'tracedInitrd'> {
  if (trace === '') return {};
  const image = traced.get(trace);
  if (image === undefined) throw new Error(`no initramfs was made for the trace ${trace}`);
  return { tracedInitrd: image.path };
}

/** Throws HostFault if there is no machine: with `hint` if this host has no such accelerator. */
export function needMachine(resolved: Resolved, hint: string): Machine {
  if (resolved.kind === 'runnable') return resolved.machine;
  if (resolved.kind === 'skipped') throw new HostFault('no-accelerator', resolved.reason, hint);
  const { fault } = resolved;
  if (fault instanceof HostFault) throw fault;
  // What cannot be made here is this host's fault, also if a compiler says so.
  throw new HostFault('appliance-failed', `the appliance cannot be made: ${fault.message}`, fault.hint);
}

/** The same for each boot of a cell, so that its transcripts can be compared, and no other cell's. */
function nonceOf(cellId: string): string {
  return createHash('sha256').update(cellId).digest('hex').slice(0, 8);
}

/** What guests boot into: the probe's image, and those of guests that run tests, by testsKey(). */
export interface GuestImages {
  readonly initrdPath: string;
  readonly tests: ReadonlyMap<string, TestImage>;
}

/** Such an image carries the guest's trace too. */
export function testsKey(tests: readonly TestSpec[], { trace }: Pick<GuestSpec, 'trace'>): string {
  return JSON.stringify(trace === '' ? tests : [tests, trace]);
}

export function launchOf(
  { id, tests }: Pick<Cell, 'id' | 'tests'>,
  machine: Machine,
  kernelPath: string,
  images: GuestImages,
): Launch {
  const probe = { nonce: nonceOf(id), ...PROBE_DEFAULTS };
  if (tests === undefined) {
    const initrdPath = machine.tracedInitrd ?? images.initrdPath;
    return makeLaunch({ ...machine, kernelPath, initrdPath, probe });
  }
  const own = images.tests.get(testsKey(tests, machine.guest));
  if (own === undefined) throw new Error(`the tests of ${id} were not made ready`);
  return makeLaunch({ ...machine, kernelPath, initrdPath: own.initrdPath, probe, tests: own.tests });
}
