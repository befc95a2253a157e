// Each setting changes the machine that is asked for, not only the cell's id.
import { describe, expect, test } from 'vitest';
import { decide } from '../../harness/guest/accelerator.ts';
import { makeLaunch } from '../../harness/guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../../harness/guest/launch/command-line.ts';
import { SETTING_ARGUMENTS } from '../../harness/guest/launch/setting-arguments.ts';
import type { Accelerator } from '../../harness/matrix/accelerators.ts';
import {
  canonicalSettings,
  DEFAULT_GUEST,
  SETTINGS,
  type SettingName,
} from '../../harness/matrix/settings.ts';
import { APPLIANCE } from './nested-launch.ts';

/** A value that is not the default, as a matrix writes it. */
const OTHERS = {
  topology: 'tcg',
  clock: 'real',
  cpu: 'EPYC',
  'tsc-frequency': '3GHz',
  hpet: 'off',
  pmtimer: 'off',
  smp: 2,
  memory: '1G',
  machine: 'q35',
  personality: 'none',
  'ref-delay': '10us',
  emulator: 'system',
  probe: 'brief',
  trace: 'refinement',
  append: 'tsc=unstable',
} as const satisfies Record<SettingName, unknown>;

/** All that is asked, with nothing but paths left out. */
function asked(raw: Partial<Record<SettingName, unknown>>): string {
  const guest = { ...DEFAULT_GUEST, topology: 'nested' as const, ...canonicalSettings(raw) };
  const { argv, environment, nested } = makeLaunch({
    guest,
    ...decide(guest, guest.topology as Accelerator, 'a test'),
    qemu: 'qemu',
    firmwareDir: null,
    appliance: APPLIANCE,
    exitsLibrary: null,
    kernelPath: '/k',
    initrdPath: '/i',
    probe: { nonce: '0badcafe', ...PROBE_DEFAULTS },
  });
  return JSON.stringify([argv, environment, nested]);
}

describe.each(Object.entries(OTHERS))('%s: %s', (key, other) => {
  const name = key as SettingName;
  const row = SETTING_ARGUMENTS[name];

  test('is a value that a matrix may write', () => {
    expect(SETTINGS[name].schema.safeParse(other).success).toBe(true);
  });

  test('nothing' in row ? `asks for nothing: ${row.nothing}` : 'asks for another machine', () => {
    const isSame = asked({ [name]: other }) === asked({});
    expect(isSame).toBe('nothing' in row);
  });
});
