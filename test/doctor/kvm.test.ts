import { expect, test } from 'vitest';
import { parseCpuInfo } from '../../harness/doctor/host-cpu.ts';
import { clocksourceResult, hypervisorResult, invariantResult } from '../../harness/doctor/host-tsc.ts';
import { kvmResult, scalingResult } from '../../harness/doctor/kvm.ts';
import type { KvmCheck } from '../../harness/guest/kvm-check.ts';
import { capture } from './texts.ts';

/** QEMU 7.2 on a host whose /dev/kvm opens and makes virtual machines. */
const REFUSED_MSR =
  'qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69 / qemu-system-x86_64: ' +
  "../../target/i386/kvm/kvm.c:3183: kvm_buf_set_msrs: Assertion `ret == cpu->kvm_msr_buf->nmsrs' failed.";

function trial(usable: boolean, reason: string, cpu: string | null = null): KvmCheck {
  return { usable, reason, cpu, toProbeMs: null };
}

const CPU = parseCpuInfo(capture('epyc-guest-cpuinfo.txt'));

test('no /dev/kvm is missing, and one that is closed to the user names the group', () => {
  expect(kvmResult('absent', null).status).toBe('missing');
  const closed = kvmResult('forbidden', null);
  expect(closed.status).toBe('unusable');
  expect(closed.remedy).toContain('usermod -aG kvm');
});

test('a KVM that opens and fails a real guest is unusable, with the words of QEMU as the reason', () => {
  const finding = kvmResult('there', trial(false, `a guest with -cpu host ended: ${REFUSED_MSR}`));
  expect(finding.status).toBe('unusable');
  expect(finding.found).toContain('failed to set MSR 0x10a');
  expect(finding.remedy).toContain('refuses a register');
});

test('a KVM whose guest never speaks is unusable, and nested guests are the way out', () => {
  const finding = kvmResult('there', trial(false, 'a guest with -cpu qemu64 ended as silent after 15 s'));
  expect(finding.status).toBe('unusable');
  expect(finding.remedy).toContain('topology nested (or auto)');
  expect(finding.remedy).not.toContain('register');
});

test('a KVM whose module is not there names the module', () => {
  const reason = 'Could not access KVM kernel module: No such device';
  expect(kvmResult('there', trial(false, reason)).remedy).toContain('modprobe');
});

test('a KVM that runs a guest is ok; where -cpu host failed first, that is said', () => {
  expect(kvmResult('there', trial(true, 'a guest with -cpu host came up in 900 ms', 'host'))).toEqual({
    status: 'ok',
    found: 'a guest with -cpu host came up in 900 ms',
    remedy: null,
  });
  const named = kvmResult('there', trial(true, 'a guest with -cpu qemu64 came up', 'qemu64'));
  expect(named).toMatchObject({ status: 'ok', remedy: expect.stringContaining('CPU model') });
});

test('a KVM that was not tried is unknown, never ok', () => {
  expect(kvmResult('there', null).status).toBe('unknown');
});

test('flags are read from /proc/cpuinfo as whole words', () => {
  expect(CPU.flags).toContain('constant_tsc');
  expect(CPU.flags).not.toContain('constant');
  expect(CPU.vmxFlags).toEqual(new Set());
});

test('TSC scaling is told from the flags of either vendor, and from the module', () => {
  expect(scalingResult(CPU, null).status).toBe('missing');
  const amd = parseCpuInfo('flags\t\t: fpu svm tsc_scale\n');
  expect(scalingResult(amd, null).status).toBe('ok');
  expect(scalingResult(amd, '1').status).toBe('ok');
  expect(scalingResult(amd, '0').status).toBe('unusable');
  const intel = 'flags\t\t: fpu vmx\nvmx flags\t: vnmi ept vpid tsc_scaling\n';
  expect(scalingResult(parseCpuInfo(intel), null).status).toBe('ok');
  // The words alone, among the wrong flags, say nothing.
  expect(scalingResult(parseCpuInfo('flags\t\t: fpu tsc_scaling\n'), null).status).toBe('missing');
});

test('an invariant TSC needs both flags', () => {
  expect(invariantResult(CPU).status).toBe('ok');
  const finding = invariantResult(parseCpuInfo('flags\t\t: fpu tsc constant_tsc\n'));
  expect(finding).toMatchObject({ status: 'missing', found: expect.stringContaining('nonstop_tsc') });
  expect(finding.found).not.toContain('lacks constant_tsc');
});

test('a host clock that is not the TSC takes the stable kvm-clock from its guests', () => {
  const available = { value: ['tsc', 'kvm-clock'] };
  expect(clocksourceResult({ value: 'tsc' }, available).status).toBe('ok');
  expect(clocksourceResult({ value: 'hyperv_clocksource_tsc_page' }, available).status).toBe('ok');
  expect(clocksourceResult({ value: 'kvm-clock' }, available)).toMatchObject({
    status: 'unusable',
    remedy: expect.stringContaining('current_clocksource'),
  });
  expect(clocksourceResult({ value: 'hpet' }, { value: ['hpet'] }).remedy).toContain('diagnose');
  expect(clocksourceResult({ value: null, reason: 'no such file' }, available).status).toBe('unknown');
});

test('a host that is a guest itself is told', () => {
  expect(hypervisorResult({ value: 'none' }).found).toContain('bare machine');
  expect(hypervisorResult({ value: 'KVM' }).found).toContain('guest, of KVM');
});
