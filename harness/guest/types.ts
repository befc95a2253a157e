import type { GuestSpec } from '../matrix/types.ts';

/** A guest made ready: what exactly is asked of QEMU, before it starts. */
export interface Launch {
  /** The program that runs the machine itself; of a nested guest, the appliance's. */
  readonly qemu: string;
  /** Arguments without the program's own name. */
  readonly argv: readonly string[];
  /** Variables that QEMU gets beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly guest: GuestSpec;
  /** What `topology` came to: auto is resolved, and why is said. */
  readonly accelerator: 'tcg' | 'kvm' | 'nested';
  readonly acceleratorReason: string;
  /** The whole kernel command line of the guest under test, as it must show it in /proc/cmdline. */
  readonly commandLine: string;
  readonly nonce: string;
  /** Of a nested guest only. */
  readonly nested?: NestedLaunch;
}

/** What the appliance (L1) is told to run: the guest under test (L2) in a QEMU of its own. */
export interface NestedLaunch {
  /** The guest's QEMU and its arguments, as paths of the appliance. */
  readonly command: readonly string[];
  /** NAME=VALUE, all that this QEMU gets. */
  readonly environment: readonly string[];
  /** QMP commands that the appliance asks it, one a line. */
  readonly questions: readonly string[];
  /** The appliance's own accelerator. */
  readonly outer: 'tcg' | 'kvm';
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
  readonly accelerator: 'tcg' | 'kvm';
  /** Versioned machine type, for example pc-i440fx-7.2. */
  readonly machine: string;
  readonly hpet: boolean;
  readonly vcpus: number;
  /** The CPU flags that the guest's -cpu names, by QEMU's name: whether the realized CPU has each. */
  readonly cpuFlags: Readonly<Record<string, boolean>>;
}
