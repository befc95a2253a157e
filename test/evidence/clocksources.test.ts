// Landmarks around the registration of tsc, references, and what tells a host from a guest: each message for itself.
import { expect, test } from 'vitest';
import type { Facts } from '../../harness/evidence/facts/types.ts';
import { factsOf } from '../../harness/evidence/facts.ts';
import { stripLogPrefix } from '../../harness/evidence/log-lines.ts';

const factsIn = (...texts: string[]): Facts =>
  factsOf(
    texts.map((text, index) => stripLogPrefix({ n: index + 1, text: `[    ${index}.000000] ${text}` })),
  );

const MASK = 'mask: 0xffffff max_cycles: 0xffffff, max_idle_ns: 1 ns';

test.each([
  'clocksource: Switched to clocksource hpet',
  'Switched to clocksource hpet',
  `clocksource: acpi_pm: ${MASK}`,
  'Trying to unpack rootfs image as initramfs...',
  'Unpacking initramfs...',
  'pnp: PnP ACPI: found 5 devices',
  'NET: Registered protocol family 2',
  'NET: Registered PF_INET protocol family',
  'PCI: CLS 64 bytes, default 64',
])('before the initcall of tsc: %s', (text) => {
  expect(factsIn(text).beforeInit).toHaveLength(1);
});

test.each(['NET: Registered protocol family 24', 'NET: Registered PF_UNIX/PF_LOCAL protocol family'])(
  'not known to be before it: %s',
  (text) => {
    expect(factsIn(text).beforeInit).toEqual([]);
  },
);

test('what comes after a second switch may be late', () => {
  const first = 'clocksource: Switched to clocksource tsc-early';
  const pnp = 'pnp: PnP ACPI: found 5 devices';
  expect(factsIn(first, pnp).beforeInit).toHaveLength(2);
  expect(factsIn(first, 'Switched to clocksource tsc', pnp).beforeInit).toHaveLength(1);
  expect(factsIn(pnp, first).beforeInit).toHaveLength(2);
});

test.each([
  'Initialise system trusted keyrings',
  'Initialize system trusted keyrings',
  'workingset: timestamp_bits=46 max_order=20 bucket_order=0',
  'io scheduler mq-deadline registered',
  'Block layer SCSI generic (bsg) driver version 0.4 loaded (major 250)',
  'Serial: 8250/16550 driver, 4 ports, IRQ sharing enabled',
  'registered taskstats version 1',
  'sched_clock: Marking stable (1, 2)->(3, 4)',
  'IPI shorthand broadcast: enabled',
  'Freeing unused kernel image (initmem) memory: 2784K',
  'Write protecting the kernel read-only data: 26624k',
  'Run /init as init process',
  'systemd[1]: Hostname set to <box>.',
])('after the initcall of tsc: %s', (text) => {
  expect(factsIn(text).afterInit).toHaveLength(1);
});

test.each([
  'kvm: SMP vm created on host with unstable TSC; guest TSC will not be reliable',
  'kvm: Nested Virtualization enabled',
  'kvm: Nested Paging enabled',
  'SVM: TSC scaling supported',
  'kvm_amd: TSC scaling supported',
  'kvm_amd: Nested Virtualization enabled',
  'SVM: kvm: Nested Paging enabled',
])('a host of guests: %s', (text) => {
  expect(factsIn(text).kvmHost).not.toBeNull();
});

test.each(['ACPI: PM-Timer IO Port: 0x608', 'PM-Timer IO Port: 0x608', `clocksource: acpi_pm: ${MASK}`])(
  'a PM timer: %s',
  (text) => {
    expect(factsIn(text).references.pmTimer).not.toBeNull();
  },
);

test.each([
  'ACPI: HPET id: 0x8086a201 base: 0xfed00000',
  'hpet0: at MMIO 0xfed00000, IRQs 2, 8, 0',
  'hpet0: 3 comparators, 64-bit 100.000000 MHz counter',
  'hpet_acpi_add: at MMIO 0xfed00000',
  `clocksource: hpet: ${MASK}`,
])('an HPET: %s', (text) => {
  expect(factsIn(text).references.hpet).not.toBeNull();
});

test.each(['kvm-clock: Using msrs 4b564d01 and 4b564d00', `clocksource: kvm-clock: ${MASK}`])(
  'kvm-clock: %s',
  (text) => {
    expect(factsIn(text).kvmClock).toHaveLength(1);
  },
);

test.each(['TSC ADJUST differs: CPU1 -5 --> 3', '[Firmware Bug]: TSC_ADJUST is off'])(
  'TSC_ADJUST: %s',
  (text) => {
    expect(factsIn(text).tscAdjust).toHaveLength(1);
  },
);

test('a switch says with its prefix that the kernel is 4.2 and later', () => {
  const texts = [
    'clocksource: Switched to clocksource tsc',
    'Switched to clocksource tsc',
    'Switching to clocksource tsc',
    'Time: tsc clocksource has been installed.',
  ];
  expect(factsIn(...texts).switches.map(({ name, prefixed }) => [name, prefixed])).toEqual([
    ['tsc', true],
    ['tsc', false],
    ['tsc', false],
    ['tsc', false],
  ]);
});
