/** The orders to the library in the QEMU of a KVM guest, for every form of ref-delay. */
import { describe, expect, test } from 'vitest';
import { trialMachine } from '../../harness/guest/accelerator.ts';
import { makeLaunch } from '../../harness/guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../../harness/guest/launch/command-line.ts';
import { askedOf, exitVariables } from '../../harness/guest/launch/setting-arguments.ts';
import { shellCommand } from '../../harness/guest/launch/shell.ts';
import type { ClockMode } from '../../harness/matrix/accelerators.ts';
import { NO_DELAY } from '../../harness/matrix/ref-delay.ts';
import { canonicalSettings, DEFAULT_GUEST, SETTINGS } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { itemOf, nestedLaunch } from './nested-launch.ts';

/** As a matrix writes it. */
function variables(written: unknown, clock: ClockMode = 'real'): Record<string, string> {
  expect(SETTINGS['ref-delay'].schema.safeParse(written)).toMatchObject({ success: true });
  const settings = canonicalSettings({ 'ref-delay': written });
  const guest: GuestSpec = { ...DEFAULT_GUEST, topology: 'nested', clock, ...settings };
  return exitVariables(askedOf(trialMachine(guest, 'kvm', 'qemu')), '/lib/x.so', '/run/exits');
}

const ALWAYS = { LD_PRELOAD: '/lib/x.so', TSCMATRIX_EXITS: '/run/exits' };

describe('the variables', () => {
  test.each<[unknown, Record<string, string>]>([
    [0, {}],
    ['14us', { TSCMATRIX_PM_NS: '14000', TSCMATRIX_HPET_NS: '14000' }],
    [{ pm: '13us' }, { TSCMATRIX_PM_NS: '13000' }],
    [{ hpet: '60us' }, { TSCMATRIX_HPET_NS: '60000' }],
    [
      { pm: '13us', hpet: '60us' },
      { TSCMATRIX_PM_NS: '13000', TSCMATRIX_HPET_NS: '60000' },
    ],
    [
      { pm: '13us', every: 11, longer: '200us' },
      { TSCMATRIX_PM_NS: '13000', TSCMATRIX_LONGER_NS: '200000', TSCMATRIX_EVERY: '11' },
    ],
    [
      { probability: 0.25, seed: 7, longer: '200us' },
      { TSCMATRIX_LONGER_NS: '200000', TSCMATRIX_CHANCE: String(2 ** 30), TSCMATRIX_SEED: '7' },
    ],
  ])('of %j', (written, expected) => {
    expect(variables(written)).toEqual({ ...ALWAYS, ...expected });
  });

  test('a read that is always longer has all of 2^32 chances', () => {
    const { TSCMATRIX_CHANCE } = variables('random1+1us');
    expect(TSCMATRIX_CHANCE).toBe('4294967296');
  });

  test('tell the TSC’s frequency only where it is exactly known', () => {
    expect(variables('14us', 'deterministic')).toMatchObject({ TSCMATRIX_TSC_KHZ: '1000000' });
    expect(variables('14us', 'real')).not.toHaveProperty('TSCMATRIX_TSC_KHZ');
  });
});

describe('who gets them', () => {
  const refDelay = { pmNs: 14_000, hpetNs: 14_000, disturbance: null };
  const onHost = (accelerator: 'tcg' | 'kvm', exitsLibrary: string | null) =>
    makeLaunch({
      ...trialMachine(
        { ...DEFAULT_GUEST, clock: 'real', topology: accelerator, refDelay },
        accelerator,
        'qemu-system-x86_64',
      ),
      kernelPath: '/k',
      initrdPath: '/i',
      probe: { nonce: '0badcafe', ...PROBE_DEFAULTS },
      exitsLibrary,
    });

  test('the QEMU of host KVM, as what it is started with and as what a person is shown', () => {
    const launch = onHost('kvm', '/cache/kvm-exits.so');
    expect(launch.environment).toMatchObject({
      LD_PRELOAD: '/cache/kvm-exits.so',
      TSCMATRIX_EXITS: 'exits.bin',
    });
    expect(shellCommand(launch)).toMatch(/^LD_PRELOAD=\/cache\/kvm-exits\.so TSCMATRIX_EXITS=exits\.bin /);
  });

  test('a guest without a delay too: its reads are counted', () => {
    const { environment } = makeLaunch({
      ...trialMachine(
        { ...DEFAULT_GUEST, clock: 'real', topology: 'kvm', refDelay: NO_DELAY },
        'kvm',
        'qemu-system-x86_64',
      ),
      kernelPath: '/k',
      initrdPath: '/i',
      probe: { nonce: '0badcafe', ...PROBE_DEFAULTS },
      exitsLibrary: '/cache/kvm-exits.so',
    });
    expect(environment).toEqual({ LD_PRELOAD: '/cache/kvm-exits.so', TSCMATRIX_EXITS: 'exits.bin' });
  });

  test('not the emulator, which has no exits', () => {
    expect(onHost('tcg', '/cache/kvm-exits.so').environment).toBeUndefined();
  });

  test('of a nested guest the inner QEMU alone', () => {
    const launch = nestedLaunch({ refDelay });
    expect(launch.environment).toBeUndefined();
    expect(itemOf(launch, 'environment').split('\n')).toEqual(
      expect.arrayContaining(['LD_PRELOAD=/lib/kvm-exits.so', 'TSCMATRIX_PM_NS=14000']),
    );
  });
});
