// What a cell's wish comes to, for every topology, clock and offer of a host.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HostFault } from '../../harness/base/errors.ts';
import type { Appliance } from '../../harness/image/appliance.ts';
import type { PinnedQemu } from '../../harness/image/qemu/types.ts';
import { BuildError } from '../../harness/kernel/acquire.ts';
import {
  type HostOffer,
  needMachine,
  type PartFault,
  resolveMachine,
  skippedEverywhere,
} from '../../harness/lab/machine.ts';
import type { ClockMode, Emulator, Topology } from '../../harness/matrix/accelerators.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';
import { APPLIANCE } from '../guest/nested-launch.ts';

type Kvm = 'usable' | 'unusable' | 'not tried';

const PINNED = { program: '/pinned/qemu', firmwareDir: '/pinned/share' } as PinnedQemu;
const FAULT = new HostFault('tool-missing', 'ninja is missing', 'apt-get install ninja-build');

function offer(kvm: Kvm, parts: Partial<HostOffer['nested']> = {}): HostOffer {
  return {
    qemu: 'qemu-system-x86_64',
    trial:
      kvm === 'not tried' ? null : { usable: kvm === 'usable', reason: 'why', cpu: null, toProbeMs: null },
    nested: { appliance: {} as Appliance, pinned: PINNED, exitsLibrary: '/exits.so', ...parts },
    traced: new Map(),
    appliance: APPLIANCE,
  };
}

function guest(topology: Topology, clock: ClockMode, more: Partial<GuestSpec> = {}): GuestSpec {
  return { ...DEFAULT_GUEST, topology, clock, ...more };
}

/** Accelerator, emulator and reason; null: this host cannot run it. */
type Row = readonly [Topology, ClockMode, Kvm, 'tcg' | 'kvm' | 'nested' | null, Emulator | null, string];

const NO_KVM = 'KVM is not usable here: why';
const UNTRIED = 'KVM is not usable here: it was not tried';
const COUNTED = 'deterministic time needs -icount, which host KVM does not have';

const ROWS: readonly Row[] = [
  ...(['usable', 'unusable', 'not tried'] as const).flatMap((kvm): Row[] => [
    ['tcg', 'real', kvm, 'tcg', 'system', 'topology tcg was asked for'],
    ['tcg', 'deterministic', kvm, 'tcg', 'pinned', 'topology tcg was asked for'],
    ['nested', 'real', kvm, 'nested', 'pinned', 'topology nested was asked for'],
    ['nested', 'deterministic', kvm, 'nested', 'pinned', 'topology nested was asked for'],
    ['kvm', 'deterministic', kvm, null, null, COUNTED],
    ['auto', 'deterministic', kvm, 'nested', 'pinned', `auto: nested, for ${COUNTED}`],
  ]),
  ['kvm', 'real', 'usable', 'kvm', 'system', 'KVM was tried: why'],
  ['kvm', 'real', 'unusable', null, null, NO_KVM],
  ['kvm', 'real', 'not tried', null, null, UNTRIED],
  ['auto', 'real', 'usable', 'kvm', 'system', 'auto: KVM was tried: why'],
  ['auto', 'real', 'unusable', 'nested', 'pinned', `auto: nested, for ${NO_KVM}`],
  ['auto', 'real', 'not tried', 'nested', 'pinned', `auto: nested, for ${UNTRIED}`],
];

test.each<[Topology, ClockMode, Partial<GuestSpec>, boolean, string | null]>([
  ['tcg', 'deterministic', {}, false, null],
  ['nested', 'deterministic', {}, false, null],
  ['auto', 'deterministic', {}, false, null],
  ['tcg', 'deterministic', { qemu: 'system' }, false, 'needs the pinned QEMU'],
  ['tcg', 'deterministic', { qemu: 'system', tscFrequency: '1GHz' }, false, null],
  ['tcg', 'real', {}, true, 'the TSC of a tcg guest runs as the host'],
  ['nested', 'real', {}, true, 'the TSC of a nested guest runs as the host'],
  ['kvm', 'real', {}, true, null],
  ['auto', 'real', {}, true, null],
  ['kvm', 'real', {}, false, 'needs KVM that scales the TSC'],
  ['auto', 'real', {}, false, 'needs KVM that scales the TSC'],
])('a TSC of 3 GHz: %s, %s, %o, KVM that scales: %s', (topology, clock, more, scalesTsc, reason) => {
  const spec = guest(topology, clock, { tscFrequency: '3GHz', ...more });
  const { trial, ...rest } = offer('usable');
  const resolved = resolveMachine(spec, { ...rest, trial: trial && { ...trial, scalesTsc } });
  expect(resolved.kind).toBe(reason === null ? 'runnable' : 'skipped');
  // What KVM of a host decides, the plan leaves open.
  const isOpen = clock === 'real' && (topology === 'kvm' || topology === 'auto');
  expect(skippedEverywhere(spec) ?? '').toContain(isOpen ? '' : (reason ?? ''));
  expect(skippedEverywhere(spec) === null).toBe(isOpen || reason === null);
  if (resolved.kind === 'skipped') expect(resolved.reason).toContain(reason);
});

describe.each(ROWS)('%s, %s, host KVM %s', (topology, clock, kvm, accelerator, emulator, reason) => {
  test(`comes to ${accelerator ?? 'nothing'}`, () => {
    const resolved = resolveMachine(guest(topology, clock), offer(kvm));
    if (accelerator === null) {
      expect(resolved).toEqual({ kind: 'skipped', reason });
      return;
    }
    const isPinned = emulator === 'pinned';
    expect(resolved).toEqual({
      kind: 'runnable',
      machine: {
        guest: guest(topology, clock),
        accelerator,
        acceleratorReason: reason,
        emulator,
        personality: accelerator === 'tcg' ? 'tcg' : 'kvm',
        qemu: isPinned ? '/pinned/qemu' : 'qemu-system-x86_64',
        firmwareDir: isPinned ? '/pinned/share' : null,
        appliance: accelerator === 'nested' ? APPLIANCE : null,
        exitsLibrary: accelerator === 'kvm' ? '/exits.so' : null,
      },
    });
  });

  test('which QEMU it is can be chosen, and is taken from there', () => {
    if (accelerator === null) return;
    for (const qemu of ['pinned', 'system'] as const) {
      const { machine } = resolveMachine(guest(topology, clock, { qemu }), offer(kvm)) as never;
      expect(machine).toMatchObject({
        emulator: qemu,
        qemu: qemu === 'pinned' ? '/pinned/qemu' : 'qemu-system-x86_64',
      });
    }
  });

  test('a part that could not be made is missing only where it is needed', () => {
    const without = (parts: Partial<HostOffer['nested']>) =>
      resolveMachine(guest(topology, clock), offer(kvm, parts));
    const wants = { appliance: accelerator === 'nested', pinned: emulator === 'pinned' };
    for (const part of ['appliance', 'pinned'] as const) {
      const { kind } = without({ [part]: FAULT });
      expect(kind).toBe(accelerator === null ? 'skipped' : wants[part] ? 'missing' : 'runnable');
    }
  });
});

test('a KVM guest keeps the personality that it asks for', () => {
  const resolved = resolveMachine(guest('auto', 'real', { personality: 'xen' }), offer('usable'));
  expect(resolved).toMatchObject({ machine: { accelerator: 'kvm', personality: 'xen' } });
});

describe('a machine that is needed', () => {
  const needed = (topology: Topology, parts: { appliance?: PartFault; pinned?: PartFault } = {}) =>
    needMachine(resolveMachine(guest(topology, 'real'), offer('unusable', parts)), 'use another');

  test('is there, or the host is at fault', () => {
    expect(needed('nested')).toMatchObject({ accelerator: 'nested' });
    expect(() => needed('kvm')).toThrow(
      expect.objectContaining({ code: 'no-accelerator', message: NO_KVM, hint: 'use another' }),
    );
    expect(() => needed('nested', { pinned: FAULT })).toThrow(FAULT);
  });

  test('is the host’s fault too where a compiler said no', () => {
    const appliance = new BuildError('compile', 'it does not compile', { hint: 'look there' });
    expect(() => needed('nested', { appliance })).toThrow(
      expect.objectContaining({
        code: 'appliance-failed',
        message: 'the appliance cannot be made: it does not compile',
        hint: 'look there',
      }),
    );
  });
});

test('the accelerators are written once: other files name the type, and ask a row', () => {
  const harness = join(import.meta.dirname, '..', '..', 'harness');
  const files = readdirSync(harness, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const again =
    /'(?:tcg|kvm|nested|auto)' \| '(?:tcg|kvm|nested|auto)'|'(?:tcg|kvm|nested)', '(?:tcg|kvm|nested|auto)'/;
  const found = files.filter((file) => again.test(readFileSync(join(harness, file), 'utf8')));
  expect(found, 'take Accelerator, Topology or QemuAccelerator of matrix/accelerators.ts').toEqual([
    'matrix/accelerators.ts',
  ]);
});
