/** What QEMU is asked for each personality of a KVM guest, in the appliance and on the host. */
import { describe, expect, test } from 'vitest';
import { trialMachine } from '../../harness/guest/accelerator.ts';
import { makeLaunch } from '../../harness/guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../../harness/guest/launch/command-line.ts';
import type { Launch } from '../../harness/guest/types.ts';
import { personalityOf } from '../../harness/matrix/accelerators.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { nestedLaunch, optionOf } from './nested-launch.ts';

function hostKvm(changes: Partial<GuestSpec>, accelerator: 'tcg' | 'kvm' = 'kvm'): Launch {
  return makeLaunch({
    ...trialMachine(
      { ...DEFAULT_GUEST, clock: 'real', topology: accelerator, ...changes },
      accelerator,
      'qemu-system-x86_64',
    ),
    kernelPath: '/k',
    initrdPath: '/i',
    probe: { nonce: '0badcafe', ...PROBE_DEFAULTS },
  });
}

/** The -cpu of the guest's own QEMU, in the appliance or on the host. */
const kvmCpu = (changes: Partial<GuestSpec>, nested: boolean): string =>
  optionOf(nested ? (nestedLaunch(changes).nested?.command ?? []) : hostKvm(changes).argv, '-cpu');

const XEN = 'kvm,xen-version=0x4000a,kernel-irqchip=split';
const HYPERV = 'hv-relaxed,hv-vpindex,hv-runtime,hv-time,hv-synic,hv-stimer,hv-frequencies';

const CASES = [
  [null, 'kvm', 'max'],
  ['kvm', 'kvm', 'max'],
  ['xen', XEN, 'max'],
  ['hyperv', 'kvm', `max,${HYPERV},kvm=off`],
  ['none', 'kvm', 'max,kvm=off'],
] as const;

describe.each(CASES)('personality %s', (personality, accel, cpu) => {
  test('in the appliance', () => {
    const launch = nestedLaunch({ personality });
    const command = launch.nested?.command ?? [];
    expect(optionOf(command, '-accel')).toBe(accel);
    expect(optionOf(command, '-cpu')).toBe(cpu);
    // The appliance's own machine knows nothing of it.
    const outer = launch.argv.filter((word) => !word.startsWith('name=opt/tscmatrix/'));
    expect(outer.join(' ')).not.toMatch(/xen|hv-|kvm=off/);
  });

  test('on host KVM', () => {
    const { argv } = hostKvm({ personality });
    expect(optionOf(argv, '-accel')).toBe(accel);
    expect(optionOf(argv, '-cpu')).toBe(cpu);
  });

  test('keeps the flags that the cell asks for', () => {
    expect(kvmCpu({ personality, cpu: 'EPYC,-x2apic' }, true)).toBe(cpu.replace('max', 'EPYC,-x2apic'));
  });
});

test('a guest of plain TCG gets no personality', () => {
  const { argv } = hostKvm({ personality: null }, 'tcg');
  expect(optionOf(argv, '-accel')).toBe('tcg');
  expect(optionOf(argv, '-cpu')).toBe('max');
});

test('a KVM guest that says nothing is a kvm guest, and no other has a personality', () => {
  for (const topology of ['kvm', 'nested', 'auto'] as const)
    expect(personalityOf({ topology, clock: 'real', personality: null })).toBe('kvm');
  expect(personalityOf({ topology: 'tcg', clock: 'real', personality: null })).toBe('tcg');
});

describe('an invariant TSC', () => {
  const outerCpu = (cpu: string, outer: 'tcg' | 'kvm' = 'tcg'): string =>
    optionOf(nestedLaunch({ cpu, clock: 'real' }, { appliance: { outer } }).argv, '-cpu');

  test.each(['EPYC,+invtsc', 'EPYC,invtsc=on', 'EPYC,-x2apic,+invtsc,pmu=off', 'host,+invtsc'])(
    'of %s is the appliance’s own too, and so KVM there has it to offer',
    (cpu) => {
      expect(outerCpu(cpu)).toBe('max,+invtsc,x-force-features=on');
      expect(outerCpu(cpu, 'kvm')).toBe('host,migratable=off');
    },
  );

  test.each(['host,+invtsc', 'max,-x2apic,invtsc=on'])('of %s is forced in the appliance alone', (cpu) => {
    expect(kvmCpu({ cpu }, true)).toBe(`${cpu},x-force-features=on`);
    expect(kvmCpu({ cpu }, false)).toBe(cpu);
  });

  test.each(['EPYC,+invtsc', 'maximum,+invtsc'])(
    'of the named model %s is not forced: all that KVM lacks would be',
    (cpu) => {
      expect(kvmCpu({ cpu }, true)).toBe(cpu);
    },
  );

  test.each(['EPYC', 'EPYC,-invtsc', 'max,invtsc=off', 'max,+invtscs', 'invtsc'])(
    'of %s is not asked for, and nothing is forced',
    (cpu) => {
      expect(kvmCpu({ cpu }, true)).toBe(cpu);
      expect(outerCpu(cpu)).toBe('max');
      expect(outerCpu(cpu, 'kvm')).toBe('host');
    },
  );

  test('goes with any personality', () => {
    expect(kvmCpu({ cpu: 'max,+invtsc', personality: 'none' }, true)).toBe(
      'max,+invtsc,kvm=off,x-force-features=on',
    );
  });
});
