import { expect, test } from 'vitest';
import { readConsole } from '../../harness/evidence/console.ts';
import { gatherFacts } from '../../harness/evidence/facts.ts';
import { readFrames } from '../../harness/evidence/report.ts';
import type { Launch, MachineFacts } from '../../harness/guest/types.ts';
import type { SettingName } from '../../harness/matrix/settings.ts';
import { parseCpu } from '../../harness/verdict/cpu-flags.ts';
import { countCpus, findMismatches, SETTING_CHECKS } from '../../harness/verdict/machine-check.ts';
import { bytes, NONCE, report } from '../evidence/frame-text.ts';
import { LAUNCH, MACHINE, REPORT_FRAMES } from './sample-boot.ts';

type Frames = readonly (readonly [string, string])[];
const facts = (...lines: string[]) => gatherFacts(lines.map((text, i) => ({ n: i + 1, text })));
const DETECTED = '[    0.000000] tsc: Detected 2394.486 MHz processor';
const FACTS = facts('[    0.000000] Hypervisor detected: Xen HVM', DETECTED);
const seen = (launch: Launch, machine: MachineFacts | null, frames: Frames) =>
  findMismatches(launch, machine, readFrames(readConsole(bytes(report(frames))), NONCE), FACTS);
const guest = (changes: Partial<Launch['guest']>): Launch => ({
  ...LAUNCH,
  guest: { ...LAUNCH.guest, ...changes },
});
const with_ = (kind: string, payload: string): Frames =>
  REPORT_FRAMES.map((f) => (f[0] === kind ? [kind, payload] : f));

test('the guest that was asked for shows no difference', () => {
  expect(seen(LAUNCH, MACHINE, REPORT_FRAMES)).toEqual([]);
});

/** A launch that asks for another value of the setting than the sample shows; null where nothing shows it. */
const OTHERS = {
  topology: { accelerator: 'kvm' },
  personality: { personality: 'kvm' },
  machine: guest({ machine: 'pc-q35-7.2' }),
  hpet: guest({ hpet: false }),
  pmtimer: guest({ pmtimer: false }),
  smp: guest({ smp: 4 }),
  append: { commandLine: `${LAUNCH.commandLine} tsc=unstable` },
  cpu: guest({ cpu: 'max,-tsc' }),
  'tsc-frequency': guest({ tscFrequency: '3GHz' }),
  clock: null,
  memory: null,
  'ref-delay': null,
  emulator: null,
  probe: null,
  trace: null,
} as const satisfies Record<SettingName, Partial<Launch> | null>;

test.each(Object.entries(OTHERS))('%s is checked by its own row, or says why not', (name, other) => {
  const check = SETTING_CHECKS[name as SettingName];
  expect('unseen' in check).toBe(other === null);
  if ('unseen' in check || other === null) return;
  const read = readFrames(readConsole(bytes(report(REPORT_FRAMES))), NONCE);
  expect(check(LAUNCH, MACHINE, read, FACTS)).toEqual([]);
  expect(check({ ...LAUNCH, ...other }, MACHINE, read, FACTS)).not.toEqual([]);
});

test.each<[string, Partial<MachineFacts>]>([
  ['accelerator', { accelerator: 'kvm' }],
  ['machine type', { machine: 'pc-q35-7.2' }],
  ['HPET', { hpet: false }],
  ['vCPUs', { vcpus: 1 }],
])('%s: another one by QMP is a difference', (what, change) => {
  expect(seen(LAUNCH, { ...MACHINE, ...change }, REPORT_FRAMES)).toMatchObject([{ what, seenBy: 'qmp' }]);
});

test.each<[string, string, string]>([
  ['hypervisor signature', 'hypervisor', 'signature=KVMKVMKVM\\x00\\x00\\x00 max_leaf=0x40000001'],
  ['hypervisor signature', 'hypervisor', 'signature=none'],
  ['HPET', 'hpet', 'absent'],
  ['PM timer', 'pmtimer', 'absent'],
  ['vCPUs', 'cpus', 'present=0 online=0'],
  ['kernel command line', 'cmdline', `${LAUNCH.commandLine} `],
  ['kernel command line', 'cmdline', LAUNCH.commandLine.replace('panic=-1', 'panic=1')],
])('%s: another one from inside is a difference', (what, kind, payload) => {
  expect(seen(LAUNCH, MACHINE, with_(kind, payload))).toMatchObject([{ what, seenBy: 'guest' }]);
});

test('an HPET that was switched off and is there is seen from inside, by its table where it cannot be read', () => {
  const launch = guest({ hpet: false });
  const machine = { ...MACHINE, hpet: false };
  expect(seen(launch, machine, REPORT_FRAMES)).toMatchObject([{ what: 'HPET', asked: 'off', got: 'on' }]);
  expect(seen(launch, machine, with_('hpet', 'error=EPERM'))).toMatchObject([{ what: 'HPET', got: 'on' }]);
});

test('without a PM timer the port stays in the FADT, but acpi_pm must not be listed', () => {
  const launch = guest({ pmtimer: false });
  expect(seen(launch, MACHINE, REPORT_FRAMES)).toMatchObject([
    { what: 'PM timer', got: 'acpi_pm is listed' },
  ]);
  const poll = 't_ns=2000000000 tsc=1 current=tsc available=tsc,hpet';
  expect(seen(launch, MACHINE, with_('poll', poll))).toEqual([]);
});

test('a command line that limits the CPUs explains fewer of them inside', () => {
  const commandLine = `${LAUNCH.commandLine} nr_cpus=1`;
  const frames = with_('cpus', 'present=0 online=0').map((f): readonly [string, string] =>
    f[0] === 'cmdline' ? ['cmdline', commandLine] : f,
  );
  expect(seen({ ...LAUNCH, commandLine }, MACHINE, frames)).toEqual([]);
});

test('an asked for invtsc that QEMU dropped is seen from both sides', () => {
  const launch = guest({ cpu: 'EPYC,+invtsc' });
  expect(seen(launch, { ...MACHINE, cpuFlags: { invtsc: false } }, REPORT_FRAMES)).toMatchObject([
    { what: 'CPU flag invtsc', asked: 'on', got: 'off', seenBy: 'qmp' },
    { what: 'CPU flag invtsc', asked: 'on', got: 'off', seenBy: 'guest' },
  ]);
  const invariant = with_('cpuid', 'leaf=0x80000007 eax=0x0 ebx=0x0 ecx=0x0 edx=0x100');
  expect(seen(launch, { ...MACHINE, cpuFlags: { invtsc: true } }, invariant)).toEqual([]);
});

test('a forbidden flag that is there is a difference', () => {
  expect(seen(guest({ cpu: 'max,-rdtscp' }), MACHINE, REPORT_FRAMES)).toMatchObject([
    { what: 'CPU flag rdtscp', asked: 'off', got: 'on', seenBy: 'guest' },
  ]);
});

test('the frequency that the hypervisor told is the one that was asked for; one that the kernel has otherwise is its own', () => {
  const check = SETTING_CHECKS['tsc-frequency'];
  if ('unseen' in check) throw new Error(check.unseen);
  const read = readFrames(readConsole(bytes(report(REPORT_FRAMES))), NONCE);
  const of = (tscFrequency: string | null, more: Partial<Launch> = {}, of = FACTS) =>
    check({ ...guest({ tscFrequency }), ...more }, MACHINE, read, of);
  expect(of('2394.487MHz')).toEqual([]);
  expect(of('2400MHz')).toMatchObject([{ what: 'TSC frequency', asked: '2400000 kHz', got: '2394486 kHz' }]);
  expect(of(null)).toEqual([]);
  expect(of('3GHz', { commandLine: 'console=ttyS0 tsc_early_khz=2394486' })).toEqual([]);
  const measured = facts('[    0.000000] tsc: Fast TSC calibration using PIT', DETECTED);
  expect(of('3GHz', {}, measured)).toEqual([]);
});

test('settings that change or hide the signature are no difference', () => {
  const frames = with_('hypervisor', 'signature=Microsoft\\x20Hv max_leaf=0x40000005');
  expect(seen(guest({ cpu: 'max,hv-time,hv_frequencies' }), MACHINE, frames)).toEqual([]);
  expect(seen(guest({ cpu: 'max,tcg-cpuid=off' }), MACHINE, with_('hypervisor', 'signature=none'))).toEqual(
    [],
  );
});

test('frames that never came are no difference', () => {
  expect(seen(LAUNCH, null, [])).toEqual([]);
});

test('-cpu is taken apart as QEMU does', () => {
  const cpu = parseCpu('EPYC,+invtsc,-kvm_clock,hypervisor=off,tsc-frequency=1000000000,svm');
  expect(cpu.model).toBe('EPYC');
  expect([...cpu.flags]).toEqual([
    ['invtsc', true],
    ['kvm-clock', false],
    ['hypervisor', false],
    ['svm', true],
  ]);
  expect(cpu.settings.get('tsc-frequency')).toBe('1000000000');
});

test('CPU lists are counted', () => {
  expect([countCpus('0'), countCpus('0-3,8'), countCpus('nonsense')]).toEqual([1, 5, null]);
});
