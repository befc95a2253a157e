import type { GuestSpec } from '../matrix/types.ts';

/** A guest made ready: what exactly is asked of QEMU, before it starts. */
export interface Launch {
  readonly qemu: string;
  /** Arguments without the program's own name. */
  readonly argv: readonly string[];
  readonly guest: GuestSpec;
  /** What `topology` came to: auto is resolved, and why is said. */
  readonly accelerator: 'tcg' | 'kvm';
  readonly acceleratorReason: string;
  /** The whole kernel command line, as the guest must show it in /proc/cmdline. */
  readonly commandLine: string;
  readonly nonce: string;
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
