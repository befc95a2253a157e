import type { Accelerator, Emulator, Personality, QemuAccelerator } from '../matrix/accelerators.ts';
import type { PackedTests } from '../matrix/packed-tests.ts';
import type { GuestSpec } from '../matrix/types.ts';

/** The appliance as it lies in the cache, and what is in it. */
export interface ApplianceFiles {
  readonly kernelPath: string;
  readonly initrdPath: string;
  /** sha256 over all that it is made of. */
  readonly sha256: string;
  readonly kernelRelease: string;
  /** Of the QEMU within. */
  readonly qemuVersion: string;
  /** Its own accelerator on this host. */
  readonly outer: QemuAccelerator;
  readonly outerReason: string;
}

/** What a guest's wish comes to: every setting that it leaves open is decided, and nobody asks again. */
export interface Decisions {
  readonly accelerator: Accelerator;
  readonly acceleratorReason: string;
  /** Which QEMU runs the machine itself. */
  readonly emulator: Emulator;
  /** What the guest is told that it runs under; tcg for one that is no KVM guest. */
  readonly personality: Personality | 'tcg';
}

/** Programs and files that machines are made of. */
interface MachineParts {
  readonly qemu: string;
  /** The folder of QEMU's firmware; null if it finds that itself. */
  readonly firmwareDir: string | null;
  /** Null for a guest that runs in none. */
  readonly appliance: ApplianceFiles | null;
  /** The library that counts and slows the exits of a guest of host KVM; null without it. */
  readonly exitsLibrary: string | null;
  /** The initramfs of a guest that is traced, with what is asked; all others have one in common. */
  readonly tracedInitrd?: string;
}

/** What a guest runs on, wholly known. Its wish is a GuestSpec; harness/lab/machine.ts makes the one of the other. */
export interface Machine extends Decisions, MachineParts {
  readonly guest: GuestSpec;
}

/** A guest made ready: what exactly is asked of QEMU, before it starts. */
export interface Launch extends Decisions {
  /** The program that runs the machine itself; of a nested guest, the appliance's. */
  readonly qemu: string;
  /** Arguments without the program's own name. */
  readonly argv: readonly string[];
  /** Variables that QEMU gets beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly guest: GuestSpec;
  /** The whole kernel command line of the guest under test, as it must show it in /proc/cmdline. */
  readonly commandLine: string;
  readonly nonce: string;
  /** What is run once the guest has settled; absent without any. */
  readonly tests?: PackedTests;
  /** Of a nested guest only. */
  readonly nested?: NestedLaunch;
}

/** What the appliance (L1) is told to run: the guest under test (L2) in a QEMU of its own. */
interface NestedLaunch {
  /** The guest's QEMU and its arguments, as paths of the appliance. */
  readonly command: readonly string[];
  /** NAME=VALUE, all that this QEMU gets. */
  readonly environment: readonly string[];
  /** QMP commands that the appliance asks it, one a line. */
  readonly questions: readonly string[];
  /** The appliance's own accelerator. */
  readonly outer: QemuAccelerator;
  /** What the appliance is made of, for the record. */
  readonly appliance: {
    readonly kernelRelease: string;
    readonly qemuVersion: string;
    readonly sha256: string;
  };
}

/** What QEMU says of the machine it runs, asked over QMP while the guest runs. */
export interface MachineFacts {
  readonly qemuVersion: string;
  readonly accelerator: QemuAccelerator;
  /** Versioned machine type, for example pc-i440fx-7.2. */
  readonly machine: string;
  readonly hpet: boolean;
  readonly vcpus: number;
  /** The CPU flags that the guest's -cpu names, by QEMU's name: whether the realized CPU has each. */
  readonly cpuFlags: Readonly<Record<string, boolean>>;
}
