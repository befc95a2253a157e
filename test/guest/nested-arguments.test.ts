/** The two command lines of a nested guest, of which the outer carries the inner. */
import { describe, expect, test } from 'vitest';
import { innerCommand, shellCommand } from '../../harness/guest/launch/shell.ts';
import { APPLIANCE, itemOf, nestedLaunch, optionOf } from './nested-launch.ts';

const SLOW = { hpet: false, refDelay: { pmNs: 14_000, hpetNs: 14_000, disturbance: null } } as const;

describe('a deterministic nested guest', () => {
  test('the command line of the appliance', () => {
    expect(shellCommand(nestedLaunch(SLOW))).toMatchInlineSnapshot(`
      "/emulator/bin/qemu-system-x86_64 \\
        -nodefaults \\
        -no-user-config \\
        -display none \\
        -no-reboot \\
        -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \\
        -L /emulator/share/qemu \\
        -machine pc-i440fx-7.2 \\
        -accel tcg,thread=single,tb-size=256 \\
        -cpu max \\
        -icount shift=0,sleep=off,align=off \\
        -seed 1 \\
        -rtc base=2026-01-01T00:00:00,clock=vm \\
        -smp 1 \\
        -m 736 \\
        -kernel /appliance/vmlinuz \\
        -initrd /appliance/appliance.cpio \\
        -append 'console=ttyS0 panic=-1 nokaslr quiet kvm.halt_poll_ns=0 memmap=4M$64M nolapic_timer tsc_early_khz=1000000 lpj=1000000 tscl1.nonce=0badcafe tscl1.limit_ms=180000 tscl1.silence_ms=45000' \\
        -fw_cfg name=opt/tscmatrix/kernel,file=/kernels/vmlinuz-6.1 \\
        -fw_cfg name=opt/tscmatrix/initrd,file=/images/probe.cpio \\
        -fw_cfg 'name=opt/tscmatrix/command,string=/bin/qemu-system-x86_64
      -nodefaults
      -no-user-config
      -display
      none
      -no-reboot
      -L
      /share/qemu
      -machine
      pc-i440fx-7.2,,hpet=off
      -accel
      kvm
      -cpu
      max
      -rtc
      base=2026-01-01T00:00:00,,clock=vm
      -smp
      1
      -m
      512
      -kernel
      /run/kernel
      -initrd
      /run/initrd
      -append
      console=ttyS0 ignore_loglevel panic=-1 nokaslr tscprobe.nonce=0badcafe tscprobe.log=digest tscprobe.config=none
      -serial
      file:/run/console
      -qmp
      unix:/run/qmp,,server=on,,wait=off' \\
        -fw_cfg 'name=opt/tscmatrix/environment,string=LD_PRELOAD=/lib/kvm-exits.so
      TSCMATRIX_EXITS=/run/exits
      TSCMATRIX_PM_NS=14000
      TSCMATRIX_HPET_NS=14000
      TSCMATRIX_TSC_KHZ=1000000' \\
        -fw_cfg 'name=opt/tscmatrix/questions,string={"execute":"qmp_capabilities",,"id":0}
      {"execute":"query-version",,"id":1}
      {"execute":"query-kvm",,"id":2}
      {"execute":"qom-get",,"arguments":{"path":"/machine",,"property":"type"},,"id":3}
      {"execute":"qom-get",,"arguments":{"path":"/machine",,"property":"hpet"},,"id":4}
      {"execute":"query-cpus-fast",,"id":5}
      ' \\
        -chardev file,id=appliance,path=/dev/fd/3,append=on \\
        -serial chardev:appliance \\
        -chardev stdio,id=guest,signal=off \\
        -device isa-debugcon,iobase=0xe9,chardev=guest \\
        -qmp unix:qmp.sock,server=on,wait=off \\
        3>appliance.log"
    `);
  });

  test('the command line of the guest under test', () => {
    expect(innerCommand(nestedLaunch(SLOW))).toMatchInlineSnapshot(`
      "LD_PRELOAD=/lib/kvm-exits.so TSCMATRIX_EXITS=/run/exits TSCMATRIX_PM_NS=14000 TSCMATRIX_HPET_NS=14000 TSCMATRIX_TSC_KHZ=1000000 /bin/qemu-system-x86_64 \\
        -nodefaults \\
        -no-user-config \\
        -display none \\
        -no-reboot \\
        -L /share/qemu \\
        -machine pc-i440fx-7.2,hpet=off \\
        -accel kvm \\
        -cpu max \\
        -rtc base=2026-01-01T00:00:00,clock=vm \\
        -smp 1 \\
        -m 512 \\
        -kernel /run/kernel \\
        -initrd /run/initrd \\
        -append 'console=ttyS0 ignore_loglevel panic=-1 nokaslr tscprobe.nonce=0badcafe tscprobe.log=digest tscprobe.config=none' \\
        -serial file:/run/console \\
        -qmp unix:/run/qmp,server=on,wait=off"
    `);
  });
});

describe('a nested guest in real time', () => {
  const REAL = { clock: 'real', smp: 2, memoryMiB: 1024, cpu: 'EPYC,+invtsc', personality: 'xen' } as const;

  test('under the emulator', () => {
    const launch = nestedLaunch(REAL);
    expect(launch.argv.join(' ')).not.toMatch(/-icount|-seed/);
    expect(optionOf(launch.argv, '-accel')).toBe('tcg,thread=single,tb-size=256');
    expect(optionOf(launch.argv, '-append')).toContain('nolapic_timer');
    expect(optionOf(launch.argv, '-append')).not.toMatch(/tsc_early_khz|lpj/);
    // Its time is the host's: a limit of minutes would be one on how busy that may be.
    expect(optionOf(launch.argv, '-append')).toMatch(/limit_ms=86400000 tscl1.silence_ms=140000$/);
    expect(launch.acceleratorReason).toBe(
      'topology nested was asked for; the appliance runs on tcg: host KVM is not usable: a test',
    );
  });

  test('under host KVM', () => {
    const launch = nestedLaunch(REAL, { appliance: { outer: 'kvm', outerReason: 'host KVM nests' } });
    expect(launch.nested?.outer).toBe('kvm');
    expect(optionOf(launch.argv, '-accel')).toBe('kvm');
    expect(optionOf(launch.argv, '-cpu')).toBe('host,migratable=off');
    expect(optionOf(launch.argv, '-append')).not.toContain('nolapic_timer');
    expect(launch.acceleratorReason).toContain('the appliance runs on kvm: host KVM nests');
  });

  test('the guest’s settings are the inner machine’s', () => {
    const command = nestedLaunch(REAL).nested?.command ?? [];
    expect(optionOf(command, '-smp')).toBe('2');
    expect(optionOf(command, '-m')).toBe('1024');
    expect(optionOf(command, '-cpu')).toBe('EPYC,+invtsc');
    expect(optionOf(command, '-accel')).toContain('xen-version=');
    expect(optionOf(command, '-append')).not.toContain('nokaslr');
  });

  test('and the appliance’s machine has one CPU and more memory than its guest', () => {
    const { argv } = nestedLaunch(REAL);
    expect(optionOf(argv, '-smp')).toBe('1');
    expect(Number(optionOf(argv, '-m'))).toBeGreaterThan(1024 + 128);
  });
});

test('counted instructions are the emulator’s, whatever the host has', () => {
  const launch = nestedLaunch({}, { appliance: { outer: 'kvm', outerReason: 'host KVM nests' } });
  expect(launch.nested?.outer).toBe('tcg');
  expect(optionOf(launch.argv, '-accel')).toMatch(/^tcg,/);
  expect(optionOf(launch.argv, '-icount')).toBe('shift=0,sleep=off,align=off');
  expect(launch.acceleratorReason).toContain('the appliance runs on tcg: deterministic time');
});

describe('the items of the appliance', () => {
  test('are the inner command, its variables and the questions, whole', () => {
    const launch = nestedLaunch({ ...SLOW, cpu: 'EPYC,+invtsc', append: 'tsc=nowatchdog a=1,2,,3' });
    const { command, environment, questions } = launch.nested ?? {};
    expect(itemOf(launch, 'command').split('\n')).toEqual(command);
    expect(command?.join(' ')).toContain('a=1,2,,3');
    expect(itemOf(launch, 'environment').split('\n')).toEqual(environment);
    // QMP takes a command when its line has ended.
    expect(itemOf(launch, 'questions')).toBe(`${questions?.join('\n')}\n`);
    for (const line of questions ?? []) expect(JSON.parse(line)).toHaveProperty('id');
  });

  test.each(['kernel', 'initrd'] as const)('a comma in the path of the %s is written twice', (name) => {
    const path = '/kernels/a,b,,c/file';
    const launch = nestedLaunch({}, name === 'kernel' ? { kernelPath: path } : { initrdPath: path });
    expect(launch.argv).toContain(`name=opt/tscmatrix/${name},file=/kernels/a,,b,,,,c/file`);
    expect(itemOf(launch, name)).toBe(path);
  });

  test('the paths of the appliance itself take commas as they are: -kernel and -initrd are no lists', () => {
    const launch = nestedLaunch({}, { appliance: { kernelPath: '/a,b/k', initrdPath: '/a,b/i' } });
    expect(optionOf(launch.argv, '-kernel')).toBe('/a,b/k');
    expect(optionOf(launch.argv, '-initrd')).toBe('/a,b/i');
  });
});

test('the guest reports briefly, for each byte of its console costs exits', () => {
  expect(nestedLaunch().commandLine).toContain('tscprobe.log=digest');
});

test('the record names what the appliance is made of', () => {
  const { kernelRelease, qemuVersion, sha256 } = APPLIANCE;
  expect(nestedLaunch().nested?.appliance).toEqual({ kernelRelease, qemuVersion, sha256 });
});

test('a QEMU that finds its firmware itself is told no folder', () => {
  expect(nestedLaunch({}, { firmwareDir: null }).argv).not.toContain('-L');
});

test('without an appliance there is no nested launch', () => {
  expect(() => nestedLaunch({}, { appliance: null })).toThrow('needs the appliance');
});
