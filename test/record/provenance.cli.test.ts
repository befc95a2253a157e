import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeScratch } from '../../harness/host/scratch.ts';
import { inputDifferences } from '../../harness/record/provenance/inputs.ts';
import { gatherProvenance, hostFacts } from '../../harness/record/provenance/provenance.ts';
import { parseProvenance } from '../../harness/record/provenance/provenance-types.ts';

const matrix = { name: 'quick', path: '/m/quick.yaml', sha256: 'ab'.repeat(32) };

test('facts are read from the files and the host, and survive being stored', async () => {
  const scratch = await makeScratch();
  try {
    const path = join(scratch.path, 'initramfs');
    writeFileSync(path, 'probe');
    const kernels = [{ name: 'k', path, origin: 'a package', release: '6.1' }];
    const provenance = await gatherProvenance({ qemu: process.execPath, matrix, kernels, initramfs: path });
    const sha256 = { value: createHash('sha256').update('probe').digest('hex') };
    expect(provenance.files).toEqual([{ name: 'initramfs', path, sha256 }]);
    expect(provenance.kernels).toEqual([{ ...kernels[0], sha256 }]);
    const program = createHash('sha256').update(readFileSync(process.execPath)).digest('hex');
    expect(provenance.qemu.sha256).toEqual({ value: program });
    expect(provenance.qemu.version).toEqual({ value: null, reason: '--version did not say' });
    expect(provenance.host.kernel).toBe(release());
    expect(provenance.confinement).toEqual({
      builds: expect.stringMatching(/^(?:bubblewrap|namespaces|none: .+)$/),
      qemu: expect.stringMatching(/^as .+; files of at most \d+ MiB$/),
    });
    const current = '/sys/devices/system/clocksource/clocksource0/current_clocksource';
    expect(provenance.host.clocksource.current).toEqual({ value: readFileSync(current, 'utf8').trim() });
    expect(parseProvenance(JSON.parse(JSON.stringify(provenance)))).toEqual(provenance);
  } finally {
    await scratch.remove();
  }
});

test('what is unavailable is null and says why', async () => {
  const provenance = await gatherProvenance({
    qemu: 'no-such-qemu',
    matrix,
    kernels: [{ name: 'k', path: '/nowhere', origin: '', release: '' }],
    initramfs: null,
  });
  expect(provenance.qemu.path).toEqual({ value: null, reason: 'there is no no-such-qemu in PATH' });
  expect(provenance.qemu.sha256).toMatchObject({ value: null });
  expect(provenance.kernels[0]?.sha256).toMatchObject({
    value: null,
    reason: expect.stringContaining('ENOENT'),
  });
  expect(provenance.files).toEqual([]);
  expect(hostFacts(provenance)).toMatchObject({ type: 'host-noted', qemuVersion: null, qemuSha256: null });
});

test('a provenance of a newer version is refused', () => {
  expect(() => parseProvenance({ version: 99 })).toThrow('newer version 99');
});

test('the QEMU that was built here and the appliance are kept, and noted beside the host', async () => {
  const behaviour = 'ab'.repeat(32);
  const pinnedQemu = {
    path: '/q',
    version: '10.0.13',
    debianVersion: '1:10.0.13',
    sha256: 'a',
    key: 'k',
    behaviour,
  };
  const appliance = { kernelRelease: '6.1.176', qemuVersion: '10.0.13', sha256: 's' };
  const provenance = await gatherProvenance({
    qemu: null,
    matrix,
    kernels: [],
    initramfs: null,
    pinnedQemu,
    appliance,
  });
  expect(parseProvenance(JSON.parse(JSON.stringify(provenance)))).toMatchObject({ pinnedQemu, appliance });
  expect(hostFacts(provenance)).toMatchObject({ pinnedQemu: { version: '10.0.13', behaviour } });
  const other = { ...provenance, pinnedQemu: { ...pinnedQemu, behaviour: 'cd'.repeat(32) } };
  expect(inputDifferences(provenance, other)).toEqual([
    `pinnedQemu behaviour: ${behaviour} then, ${'cd'.repeat(32)} now`,
  ]);
});
