/** A nested launch with made-up paths, for tests that start nothing. */
import { decide } from '../../harness/guest/accelerator.ts';
import { makeLaunch } from '../../harness/guest/launch/arguments.ts';
import { PROBE_DEFAULTS } from '../../harness/guest/launch/command-line.ts';
import type { ApplianceFiles, Launch } from '../../harness/guest/types.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { GuestSpec } from '../../harness/matrix/types.ts';

export const APPLIANCE: ApplianceFiles = {
  kernelPath: '/appliance/vmlinuz',
  initrdPath: '/appliance/appliance.cpio',
  sha256: 'ab'.repeat(32),
  kernelRelease: '6.1.176',
  qemuVersion: '10.0.13',
  outer: 'tcg',
  outerReason: 'host KVM is not usable: a test',
};

export interface Paths {
  readonly kernelPath?: string;
  readonly initrdPath?: string;
  readonly firmwareDir?: string | null;
  readonly appliance?: Partial<ApplianceFiles> | null;
}

export function nestedLaunch(changes: Partial<GuestSpec> = {}, paths: Paths = {}): Launch {
  const guest: GuestSpec = { ...DEFAULT_GUEST, topology: 'nested', ...changes };
  return makeLaunch({
    qemu: '/emulator/bin/qemu-system-x86_64',
    firmwareDir: paths.firmwareDir === undefined ? '/emulator/share/qemu' : paths.firmwareDir,
    guest,
    ...decide(guest, 'nested', 'topology nested was asked for'),
    kernelPath: paths.kernelPath ?? '/kernels/vmlinuz-6.1',
    initrdPath: paths.initrdPath ?? '/images/probe.cpio',
    probe: { nonce: '0badcafe', ...PROBE_DEFAULTS },
    exitsLibrary: null,
    appliance: paths.appliance === null ? null : { ...APPLIANCE, ...paths.appliance },
  });
}

/** The value of an option that is there once. */
export function optionOf(argv: readonly string[], option: string): string {
  const places = argv.flatMap((word, at) => (word === option ? [at] : []));
  if (places.length !== 1) throw new Error(`${option} is there ${places.length} times`);
  return argv[(places[0] ?? 0) + 1] ?? '';
}

/** What the appliance would read from its fw_cfg item: QEMU takes two commas for one (util/qemu-option.c). */
export function itemOf({ argv }: Launch, name: string): string {
  const start = `name=opt/tscmatrix/${name},`;
  const value = argv.find((word, at) => argv[at - 1] === '-fw_cfg' && word.startsWith(start));
  if (value === undefined) throw new Error(`no item ${name}`);
  return value
    .slice(start.length)
    .replace(/^(?:string|file)=/, '')
    .replaceAll(',,', ',');
}
