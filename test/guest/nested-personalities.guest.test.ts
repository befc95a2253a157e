/** What real nested guests of each personality list, and that an asked for invariant TSC is there: seen from inside. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import {
  BUILD_MS,
  bootNested,
  type NestedBoot,
  type NestedParts,
  nestedLaunchOf,
  nestedParts,
} from '../support/nested-boots.ts';

// Boots of seconds, beside whatever else runs.
vi.setConfig({ testTimeout: 400_000 });

let parts: NestedParts;
beforeAll(async () => {
  parts = await nestedParts();
}, BUILD_MS);

const bootOf = async (guest: Partial<GuestSpec>): Promise<NestedBoot> =>
  bootNested(await nestedLaunchOf(parts, { guest }));

describe('a personality', () => {
  test.each<[string, Partial<GuestSpec>, string, string]>([
    ['kvm', { personality: 'kvm' }, 'KVMKVMKVM', 'kvm-clock tsc acpi_pm'],
    ['xen', { personality: 'xen' }, 'XenVMMXenVMM', 'xen tsc acpi_pm'],
    ['xen with an HPET', { personality: 'xen', hpet: true }, 'XenVMMXenVMM', 'xen tsc hpet acpi_pm'],
    ['hyperv', { personality: 'hyperv' }, 'Microsoft_Hv', 'hyperv_clocksource_tsc_page acpi_pm'],
    ['none', { personality: 'none' }, 'empty', 'tsc acpi_pm'],
  ])('%s', async (_, guest, signature, available) => {
    const { observation, ending, evidence, failed } = await bootOf(guest);
    expect(ending, observation.reason).toEqual({ kind: 'finished' });
    expect(observation.differences).toEqual([]);
    expect(failed).toEqual([]);
    expect(evidence.report.hypervisor?.value.signature).toBe(signature);
    expect(observation.available?.join(' ')).toBe(available);
  });
});

describe('an invariant TSC', () => {
  test.each(['EPYC,+invtsc', 'host,+invtsc'])(
    'of %s reaches the guest, which then prefers its TSC',
    async (cpu) => {
      const { observation, evidence, failed } = await bootOf({ cpu });
      expect(failed).toEqual([]);
      expect(observation.differences).toEqual([]);
      const { flags, cpuid } = evidence.report;
      expect(flags?.value).toEqual(expect.arrayContaining(['constant_tsc', 'nonstop_tsc']));
      const leaf = cpuid.find(({ value }) => value.leaf === 0x80000007);
      // EDX bit 8, TscInvariant: AMD64 Architecture Programmer's Manual, volume 3, E.4.6.
      expect((leaf?.value.edx ?? 0) & 0x100).toBe(0x100);
      expect(observation.available?.[0]).toBe('tsc');
      expect(observation.current).toBe('tsc');
    },
  );

  test('that was not asked for is not there', async () => {
    const { observation, evidence } = await bootOf({ cpu: 'EPYC' });
    expect(observation.differences).toEqual([]);
    expect(evidence.report.flags?.value).not.toContain('nonstop_tsc');
    expect(observation.current).toBe('kvm-clock');
  });
});
