/** One boot in all its parts, for tests to change one part at a time. */
import type { Launch, MachineFacts } from '../../harness/guest/types.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import { NONCE } from '../evidence/frame-text.ts';

const COMMAND_LINE = `console=ttyS0 ignore_loglevel panic=-1 tscprobe.nonce=${NONCE}`;

export const LAUNCH: Launch = {
  qemu: 'qemu-system-x86_64',
  argv: [],
  guest: { ...DEFAULT_GUEST, clock: 'real', smp: 2 },
  accelerator: 'tcg',
  acceleratorReason: 'asked for',
  emulator: 'system',
  personality: 'tcg',
  commandLine: COMMAND_LINE,
  nonce: NONCE,
};

export const MACHINE: MachineFacts = {
  qemuVersion: '7.2.15',
  accelerator: 'tcg',
  machine: 'pc-i440fx-7.2',
  hpet: true,
  vcpus: 2,
  cpuFlags: {},
};

export const LOG: readonly string[] = [
  '[    0.000000] Linux version 6.1.0-56-cloud-amd64 (builder@host) (gcc-12) #1 SMP',
  '[    0.000000] tsc: Fast TSC calibration using PIT',
  '[    0.000000] tsc: Detected 999.993 MHz processor',
  '[    0.533014] clocksource: Switched to clocksource tsc-early',
  '[    0.555497] clocksource: acpi_pm: mask: 0xffffff max_cycles: 0xffffff, max_idle_ns: 2085701024 ns',
  '[    0.627157] workingset: timestamp_bits=36 max_order=17 bucket_order=0',
  '[    1.577794] Freeing unused kernel image (initmem) memory: 2612K',
  '[    1.605173] tsc: Refined TSC clocksource calibration: 1000.000 MHz',
  '[    1.605182] clocksource: tsc: mask: 0xffffffffffffffff max_cycles: 0x1cd42e4dffb, max_idle_ns: 881590591483 ns',
  '[    1.605202] clocksource: Switched to clocksource tsc',
];

export const REPORT_FRAMES: readonly (readonly [string, string])[] = [
  ['cmdline', COMMAND_LINE],
  ['uname', '6.1.0-56-cloud-amd64 #1 SMP'],
  ['poll', 't_ns=1600000000 tsc=1 current=tsc-early available=tsc-early,hpet,acpi_pm'],
  ['poll', 't_ns=1700000000 tsc=2 current=tsc available=tsc,hpet,acpi_pm'],
  ['settled', 'state=registered t_ns=3700000000'],
  ['cpus', 'present=0-1 online=0-1'],
  ['cpu', 'vendor=AuthenticAMD model=QEMU TCG CPU version 2.5+'],
  ['flags', 'fpu tsc rdtscp hypervisor tsc_adjust'],
  ['hypervisor', 'signature=TCGTCGTCGTCG max_leaf=0x40000001'],
  ['cpuid', 'leaf=0x80000007 eax=0x0 ebx=0x0 ecx=0x0 edx=0x0'],
  ['acpi', 'tables=FACP,APIC,HPET,WAET'],
  ['pmtimer', 'port=0x608'],
  ['hpet', 'base=0xfed00000 period_fs=10000000'],
];
