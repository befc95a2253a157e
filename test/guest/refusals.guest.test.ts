/** A QEMU that does not come to run the guest, asked for real. */
import { expect, test } from 'vitest';
import { boot, launchOf } from '../support/faulty-guest.ts';

test('a kernel file that is not there is a failure of QEMU', async () => {
  const { ending } = await boot(await launchOf({ kernelPath: '/nowhere/vmlinuz' }));
  expect(ending).toMatchObject({ code: 'qemu-failed', detail: expect.stringContaining('/nowhere/vmlinuz') });
});

test('a QEMU that is not there', async () => {
  const { ending } = await boot(await launchOf({ qemu: 'qemu-system-pdp11' }));
  expect(ending).toMatchObject({
    code: 'qemu-missing',
    detail: expect.stringContaining('qemu-system-pdp11'),
  });
});

test.each([
  ['a CPU flag', { cpu: 'max,+warp-drive' }],
  ['a CPU flag with a value', { cpu: 'max,warp-drive=on' }],
  ['a CPU model', { cpu: 'pdp11' }],
  ['a CPU model of another accelerator', { cpu: 'host' }],
  ['a machine type', { machine: 'pc-i440fx-99.0' }],
  ['a number of CPUs', { smp: 300 }],
  ['a feature that is enforced', { cpu: 'max,+invtsc,enforce' }],
])('%s that QEMU does not have is unsupported', async (_, guest) => {
  const { ending } = await boot(await launchOf({ guest }));
  expect(ending).toMatchObject({ kind: 'host-fault', code: 'qemu-unsupported' });
});

test('an option that QEMU does not have is unsupported', async () => {
  const launch = await launchOf({});
  const { ending } = await boot({ ...launch, argv: [...launch.argv, '-warp-drive'] });
  expect(ending).toMatchObject({ kind: 'host-fault', code: 'qemu-unsupported' });
});
