import { expect, test } from 'vitest';
import {
  cpuResult,
  machineResult,
  parseAccelerators,
  parseCpuModels,
  parseMachines,
  parseProperties,
  parseVersion,
  xenResult,
} from '../../harness/doctor/qemu.ts';
import { capture } from './texts.ts';

const MACHINES = parseMachines(capture('qemu-7.2-machine-help.txt'));

test('the version of QEMU is read, and anything else is no version', () => {
  const text = 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)';
  expect(parseVersion(capture('qemu-7.2-version.txt'))).toEqual({ major: 7, minor: 2, text });
  expect(parseVersion('QEMU emulator version 10.0.2\n')).toMatchObject({ major: 10, minor: 0 });
  expect(parseVersion('version 7.2')).toBeNull();
});

test('machine types are read from -machine help, without its heading', () => {
  expect(MACHINES).toContain('pc-i440fx-7.2');
  expect(MACHINES).toContain('pc-q35-7.2');
  expect(MACHINES).toContain('none');
  expect(MACHINES).not.toContain('Supported');
  expect(parseMachines('qemu-system-x86_64: -machine help: no')).toEqual(new Set());
});

test('a machine type that QEMU has and starts is ok', () => {
  expect(machineResult('pc-q35-7.2', MACHINES, null).status).toBe('ok');
});

test('a machine type of a newer QEMU is missing, and others of its kind are named', () => {
  const finding = machineResult('pc-i440fx-9.2', MACHINES, null);
  expect(finding.status).toBe('missing');
  expect(finding.found).toContain('pc-i440fx-7.2');
  expect(finding.remedy).toContain('--qemu');
});

test('a machine type that is listed and does not start is unusable; for want of firmware, with its packages', () => {
  const finding = machineResult('pc-i440fx-7.2', MACHINES, "qemu: could not load PC BIOS 'bios-256k.bin'");
  expect(finding.status).toBe('unusable');
  expect(finding.packages).toContain('seabios');
  expect(machineResult('pc-i440fx-7.2', MACHINES, 'out of memory').packages).toEqual([]);
});

test('CPU models are read in the old form of -cpu help and in the newer one; flags are no models', () => {
  const old = parseCpuModels(capture('qemu-7.2-cpu-help.txt'));
  expect(old).toContain('max');
  expect(old).toContain('Cascadelake-Server-v1');
  expect(old).not.toContain('avx512-4fmaps');
  const newer = parseCpuModels(
    'Available CPUs:\n  486                   (alias configured by machine type)\n  max                   Enables all\n\nRecognized CPUID flags:\n  3dnow 3dnowext\n',
  );
  expect([...newer]).toEqual(['486', 'max']);
  expect(cpuResult(newer, 'max').status).toBe('ok');
  expect(cpuResult(newer, 'EPYC').status).toBe('missing');
});

test('accelerators are read from -accel help', () => {
  expect([...parseAccelerators(capture('qemu-7.2-accel-help.txt'))].sort()).toEqual(['kvm', 'tcg']);
});

test('Xen emulation is a property of the KVM accelerator, which QEMU 7.2 does not have', () => {
  const properties = parseProperties(capture('qemu-7.2-kvm-properties.txt'));
  expect(properties).toContain('kernel-irqchip');
  expect(xenResult(properties).status).toBe('missing');
  const line = '{"return": [{"name": "xen-version", "type": "uint32"}]}';
  expect(xenResult(parseProperties(`{"return": {}}\n${line}\n`)).status).toBe('ok');
  const refusal = '{"error": {"class": "DeviceNotFound", "desc": "Class \'kvm-accel\' not found"}}';
  expect(xenResult(parseProperties(refusal))).toMatchObject({ status: 'missing' });
});
