// The setting tsc-frequency in all its forms: one text for each value, ids that stay, and what QEMU and the appliance are asked.
import { expect, test } from 'vitest';
import { decide } from '../../harness/guest/accelerator.ts';
import { makeLaunch } from '../../harness/guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../../harness/guest/launch/command-line.ts';
import { trueFrequencyOf } from '../../harness/lab/true-frequency.ts';
import {
  canonicalSettings,
  DEFAULT_GUEST,
  normalizeGuest,
  settingPattern,
  textOf,
} from '../../harness/matrix/settings.ts';
import { askedTscKhz, tscFrequencyOf } from '../../harness/matrix/tsc-frequency.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { cellId } from '../../harness/plan/cell-id.ts';
import { APPLIANCE } from '../guest/nested-launch.ts';
import { complaints } from './helpers.ts';

test.each([
  [3_000_000, '3GHz', 3_000_000],
  ['3000MHz', '3GHz', 3_000_000],
  ['2400 MHz', '2.4GHz', 2_400_000],
  ['2893.299 MHz', '2893.299MHz', 2_893_299],
  ['2.893299GHz', '2893.299MHz', 2_893_299],
  ['500000kHz', '500MHz', 500_000],
  ['6GHz', '6GHz', 6_000_000],
])('%s is %s', (raw, text, khz) => {
  expect(tscFrequencyOf(raw)).toBe(text);
  expect(tscFrequencyOf(text)).toBe(text);
  expect(askedTscKhz({ tscFrequency: text })).toBe(khz);
  expect(settingPattern('tsc-frequency', String(raw))).toBe(text);
});

test.each([
  ['499.999MHz', 'must be 500MHz to 6GHz; found 499.999MHz'],
  ['6.000001GHz', 'must be 500MHz to 6GHz'],
  ['2893.2991MHz', 'is not a whole number of kHz'],
  ['3', 'must be 500MHz to 6GHz'],
  ['fast', 'must be a number of kHz, or text such as 3GHz'],
  ['3Ghz', 'must be a number of kHz, or text such as 3GHz'],
])('%s is refused', (raw, message) => {
  expect(complaints(`defaults: { tsc-frequency: ${raw} }`).join()).toContain(message);
});

const guest = (raw: Record<string, unknown>): GuestSpec =>
  normalizeGuest({ ...DEFAULT_GUEST, ...canonicalSettings(raw) });

function launch(spec: GuestSpec) {
  return makeLaunch({
    guest: spec,
    ...decide(spec, spec.topology === 'auto' ? 'nested' : spec.topology, 'a test'),
    qemu: 'qemu',
    firmwareDir: null,
    appliance: spec.topology === 'nested' ? APPLIANCE : null,
    exitsLibrary: null,
    kernelPath: '/k',
    initrdPath: '/i',
    probe: { nonce: '0badcafe', ...PROBE_DEFAULTS },
  });
}

test('what a counted guest has anyway is no other guest: the same id, the same machine', () => {
  for (const topology of ['tcg', 'nested']) {
    const [left, written] = [guest({ topology }), guest({ topology, 'tsc-frequency': '1GHz' })];
    expect(written).toEqual(left);
    expect(textOf(left, 'tsc-frequency')).toBe('1GHz');
    expect(JSON.stringify(launch(left))).not.toContain('tsc-frequency');
  }
  expect(cellId('k', guest({ 'tsc-frequency': 2_893_299 }))).toBe('k.tcg.deterministic.tscfreq=2893.299MHz');
  // In real time the host decides, and 1 GHz is asked for.
  expect(guest({ clock: 'real', 'tsc-frequency': '1GHz' }).tscFrequency).toBe('1GHz');
});

test('an emulated CPU has it as a property, a nested guest by its appliance, whose kernel is told', () => {
  const frequency = { 'tsc-frequency': '2.4GHz' };
  const tcg = launch(guest(frequency));
  expect(tcg.argv[tcg.argv.indexOf('-cpu') + 1]).toBe('max,tsc-frequency=2400000000');
  const { argv, nested } = launch(guest({ ...frequency, topology: 'nested', cpu: 'host' }));
  expect(argv[argv.indexOf('-cpu') + 1]).toBe('max,tsc-frequency=2400000000');
  expect(argv[argv.indexOf('-append') + 1]).toContain(' tsc_early_khz=2400000 lpj=2400000 ');
  expect(nested?.command[nested.command.indexOf('-cpu') + 1]).toBe('host');
  // Or the delays of reads would be of another length.
  expect(nested?.environment).toContain('TSCMATRIX_TSC_KHZ=2400000');
});

test('the true frequency is the one that was asked for, and the host that is asked for nothing has its own', () => {
  const host = { khz: 2_894_563.25, from: 'measured' };
  expect(trueFrequencyOf(guest({}), host).khz).toBe(1_000_000);
  expect(trueFrequencyOf(guest({ 'tsc-frequency': '3GHz' }), host).khz).toBe(3_000_000);
  expect(trueFrequencyOf(guest({ clock: 'real' }), host)).toEqual(host);
  expect(trueFrequencyOf(guest({ clock: 'real', topology: 'kvm', 'tsc-frequency': '3GHz' }), host).khz).toBe(
    3_000_000,
  );
});
