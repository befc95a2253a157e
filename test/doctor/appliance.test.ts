import { expect, test } from 'vitest';
import { applianceResult } from '../../harness/doctor/appliance.ts';

const BUILT = { emulator: { version: '10.0.13' }, kernel: '6.1.176', fault: null };

test('an appliance that is built names its kernel and QEMU', () => {
  const finding = applianceResult(BUILT);
  expect(finding.status).toBe('ok');
  expect(finding.found).toMatch(/Linux 6\.1\.176 .*QEMU 10\.0\.13/);
});

test('what is not built yet is missing by name, and a run will build it', () => {
  const both = applianceResult({ ...BUILT, emulator: null, kernel: null });
  expect(both).toMatchObject({ status: 'missing', remedy: expect.stringContaining('first run') });
  expect(both.found).toContain("the pinned QEMU and the appliance's kernel are not built");
  const kernel = applianceResult({ ...BUILT, kernel: null });
  expect(kernel.found).not.toContain('pinned QEMU');
  expect(kernel.found).toContain("the appliance's kernel is not built");
});

test('a pinned QEMU that refuses SVM is unusable, with its words', () => {
  const finding = applianceResult({ ...BUILT, fault: 'TCG does not support SVM' });
  expect(finding).toMatchObject({
    status: 'unusable',
    found: expect.stringContaining('TCG does not support'),
  });
});
