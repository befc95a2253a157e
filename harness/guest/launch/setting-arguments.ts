/**
 * What each setting asks of the QEMU that runs the guest, of its kernel, and of the library on its exits. Pure. A setting
 * without a row does not compile; one that has nothing to ask says why.
 */
import { ACCELERATORS } from '../../matrix/accelerators.ts';
import type { SettingName } from '../../matrix/settings.ts';
import { traceWords } from '../../matrix/trace.ts';
import { askedTscKhz, countedTscKhz } from '../../matrix/tsc-frequency.ts';
import type { Machine } from '../types.ts';
import { frequencyFlags, ICOUNT_ARGUMENTS } from './icount.ts';
import { PERSONALITIES } from './personality.ts';
import { delayVariables } from './ref-delay.ts';
import { RTC } from './shared-arguments.ts';

/** What is asked of whom; the parts of one option come in the order of the rows. */
export interface Asked {
  /** Parts of -machine. */
  readonly machine?: readonly string[];
  /** Parts of -accel. */
  readonly accel?: readonly string[];
  /** Options that belong to -accel. */
  readonly time?: readonly string[];
  /** Parts of -cpu. */
  readonly cpu?: readonly string[];
  /** Any other options. */
  readonly options?: readonly string[];
  /** Words of the kernel's command line. */
  readonly kernel?: readonly string[];
  /** Variables of the library that counts and slows exits. */
  readonly exits?: Readonly<Record<string, string>>;
}

type Row = ((machine: Machine) => Asked) | { readonly nothing: string };

export const SETTING_ARGUMENTS: Readonly<Record<SettingName, Row>> = {
  topology: ({ accelerator }) => ({ accel: [ACCELERATORS[accelerator].qemu] }),
  machine: ({ guest }) => ({ machine: [guest.machine] }),
  hpet: ({ guest }) => ({ machine: [`hpet=${guest.hpet ? 'on' : 'off'}`] }),
  'ref-delay': ({ guest }) => ({ exits: delayVariables(guest.refDelay) }),
  clock: ({ guest, accelerator }) => {
    if (guest.clock === 'real') return {};
    // Counted instructions are the emulator's; around KVM they are those of the appliance's.
    const counts = ACCELERATORS[accelerator].qemu === 'tcg';
    return {
      ...(counts ? { accel: ['thread=single'], time: ICOUNT_ARGUMENTS } : {}),
      // Addresses are part of a transcript that can be made again.
      kernel: ['nokaslr'],
      // Read without a system call, so that a delay is exact to some ten ns.
      exits: { TSCMATRIX_TSC_KHZ: String(countedTscKhz(guest)) },
    };
  },
  cpu: ({ guest }) => ({ cpu: [guest.cpu] }),
  // Of a nested guest it is the appliance's, and its KVM hands that on (nested-arguments.ts).
  'tsc-frequency': ({ guest, appliance }) => ({
    cpu: appliance === null ? frequencyFlags(askedTscKhz(guest)) : [],
  }),
  personality: ({ personality }) => PERSONALITIES[personality],
  pmtimer: ({ guest }) => (guest.pmtimer ? {} : { kernel: ['pmtmr=0'] }),
  probe: ({ guest }) => (guest.probe === 'full' ? {} : { kernel: ['tscprobe.clock=none'] }),
  trace: ({ guest }) => ({ kernel: traceWords(guest.trace) }),
  append: ({ guest }) => ({ kernel: [guest.append.trim()] }),
  smp: ({ guest }) => ({ options: ['-smp', String(guest.smp)] }),
  memory: ({ guest }) => ({ options: ['-m', String(guest.memoryMiB)] }),
  emulator: { nothing: 'it is the program itself: harness/lab/machine.ts has its path' },
};

/** All that the settings of a machine's guest ask. */
export function askedOf(machine: Machine): Required<Asked> {
  const rows = Object.values(SETTING_ARGUMENTS).map((row) => ('nothing' in row ? {} : row(machine)));
  const all = (key: Exclude<keyof Asked, 'exits'>): string[] => rows.flatMap((row: Asked) => row[key] ?? []);
  return {
    machine: all('machine'),
    accel: all('accel'),
    time: all('time'),
    cpu: all('cpu'),
    options: all('options'),
    kernel: all('kernel'),
    exits: Object.assign({}, ...rows.map(({ exits }: Asked) => exits)) as Record<string, string>,
  };
}

/** The guest's machine as arguments: what is its own, without kernel and devices. `cpu`: flags beyond the guest's. */
export function machineArguments(asked: Required<Asked>, cpu: readonly string[] = []): string[] {
  return [
    ...['-machine', asked.machine.join(',')],
    ...['-accel', asked.accel.join(',')],
    ...asked.time,
    ...['-cpu', [...asked.cpu, ...cpu].join(',')],
    ...RTC,
    ...asked.options,
  ];
}

/** `file` is where the counts go, `library` the shared object: both as the QEMU that is meant sees them. */
export function exitVariables(
  { exits }: Required<Asked>,
  library: string,
  file: string,
): Record<string, string> {
  return { LD_PRELOAD: library, TSCMATRIX_EXITS: file, ...exits };
}
