// Whose fault it was that rpmbuild ended, by the end of its log.
import { expect, test } from 'vitest';
import { HostFault } from '../../harness/base/errors.ts';
import { BuildError } from '../../harness/kernel/make/errors.ts';
import { sectionFault } from '../../harness/kernel/rpm/failure.ts';

const START = 'Executing(%install): /bin/sh -e /var/tmp/rpm-tmp.x';
const INSTALL = [
  '  INSTALL BUILDROOT/kernel-6.1.1-1.x86_64/usr/include',
  '/bin/sh: 1: rsync: not found',
  'make: *** [Makefile:1416: headers_install] Error 127',
  'error: Bad exit status from /var/tmp/rpm-tmp.x (%install)',
];

test('a program that a section wants and this machine lacks is named with its package', () => {
  const fault = sectionFault('kernel.spec', [START, ...INSTALL], 'build.log');
  expect(fault).toBeInstanceOf(HostFault);
  expect(fault.message).toContain('needs rsync, which is not installed; the log is build.log');
  expect((fault as HostFault).hint).toBe('apt-get install rsync');
});

test('one that a script could do without, long before the end, is not', () => {
  const errors = [
    "kernel/fork.c:3:1: error: 'x' undeclared",
    ...Array.from({ length: 12 }, (_, i) => `line ${i}`),
  ];
  const fault = sectionFault(
    'kernel.spec',
    [START, INSTALL[1] ?? '', ...errors, INSTALL[3] ?? ''],
    'build.log',
  );
  expect(fault).toBeInstanceOf(BuildError);
  expect(fault.message).toContain("'x' undeclared");
});
