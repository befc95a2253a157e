// The kernel log of a machine's report is found by its name, in a folder or in an archive; no link is followed.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, describe, expect, test } from 'vitest';
import { readText } from '../../harness/diagnose/read-text.ts';

const top = mkdtempSync(join(tmpdir(), 'find-log-'));
afterAll(() => rmSync(top, { recursive: true }));

const refined = (mhz: number): string =>
  `[    2.000000] tsc: Refined TSC clocksource calibration: ${mhz}.000 MHz\n`;
const BOOT = '[    0.000000] Linux version 5.14.0 (builder@host)\n';
const SYS = 'sys/devices/system/clocksource/clocksource0';

type Files = Readonly<Record<string, string | Buffer>>;
let made = 0;

function folder(files: Files): string {
  const root = join(top, `folder${++made}`);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

async function archive(files: Files): Promise<Buffer> {
  const tar = pack();
  for (const [path, content] of Object.entries(files)) tar.entry({ name: `report-host1/${path}` }, content);
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function answer(source: string | Buffer): Promise<string> {
  const { facts, found, available, current } = await readText(
    typeof source === 'string' ? source : [source],
    { name: 'it' },
  );
  const read = /^read: (?:report-host1\/)?([^;]*)/.exec(found ?? '')?.[1];
  return [read, (facts.refined[0]?.khz ?? 0) / 1000, available, current].join(' | ');
}

describe.each<[string, Files, string]>([
  [
    'sosreport',
    {
      'sos_commands/kernel/dmesg': refined(1000),
      'sos_commands/logs/journalctl_--no-pager_--boot_-1': refined(2000),
      'var/log/messages': refined(3000),
      [`${SYS}/available_clocksource`]: 'tsc hpet acpi_pm \n',
      [`${SYS}/current_clocksource`]: 'tsc\n',
    },
    'sos_commands/kernel/dmesg | 1000 | tsc hpet acpi_pm | tsc',
  ],
  [
    'supportconfig',
    { 'boot.txt': `#==[ Command ]===#\n# /bin/dmesg -T\n${refined(1000)}`, 'messages.txt': refined(2000) },
    'boot.txt | 1000 |  | ',
  ],
  [
    'a ring buffer that was overwritten, and the journal of the boot',
    { dmesg: refined(1000), 'journalctl_--no-pager_--boot': BOOT + refined(2000) },
    'journalctl_--no-pager_--boot | 2000 |  | ',
  ],
  [
    'a log without clocks beside one with them',
    { 'dmesg.txt': 'nothing\n', 'kern.log': refined(2000) },
    'kern.log | 2000 |  | ',
  ],
  ['a packed log', { 'var/log/dmesg.gz': gzipSync(refined(1000)) }, 'var/log/dmesg.gz | 1000 |  | '],
  [
    'an empty log beside another',
    { dmesg: '\n', 'var/log/syslog': refined(2000) },
    'var/log/syslog | 2000 |  | ',
  ],
])('%s', (_, files, wanted) => {
  test('as a folder', async () => expect(await answer(folder(files))).toBe(wanted));
  test('as an archive', async () => {
    const tar = await archive(files);
    expect(await answer(tar)).toBe(wanted);
    expect(await answer(gzipSync(tar))).toBe(wanted);
    expect(await answer(zstdCompressSync(tar))).toBe(wanted);
  });
});

test.each([
  [
    'sosreport',
    {
      'proc/cmdline': 'root=/dev/vda clocksource=hpet\n',
      'sos_commands/kernel/uname_-a': 'Linux node1 4.18.0-477.el8.x86_64 #1 SMP Tue\n',
    },
  ],
  [
    'supportconfig',
    {
      'basic-environment.txt':
        '#==[ Command ]===#\n# /bin/uname -a\nLinux node1 4.18.0-477.el8.x86_64 #1 SMP Tue\n# /bin/cat /proc/cmdline\nBOOT_IMAGE=/boot/vmlinuz root=/dev/vda clocksource=hpet\n',
    },
  ],
])('what a log that lost its beginning does not say, other files of a %s do', async (_, files: Files) => {
  for (const source of [
    folder({ dmesg: refined(1000), ...files }),
    [await archive({ dmesg: refined(1000), ...files })],
  ]) {
    const { facts } = await readText(source, { name: 'it' });
    expect(facts.parameters).toContain('clocksource=hpet');
    expect(facts.kernel).toMatchObject({ release: '4.18.0-477.el8.x86_64' });
    expect(facts.commandLine?.line).toBeGreaterThan(1);
  }
  const whole = folder({ dmesg: `${BOOT}[    0.0] Command line: quiet\n${refined(1000)}`, ...files });
  const { facts } = await readText(whole, { name: 'it' });
  expect([facts.parameters, facts.kernel?.release]).toEqual([['quiet'], '5.14.0']);
});

test('a link is not followed, and what cannot be read is said', async () => {
  const root = folder({
    'var/log/messages': refined(2000),
    'dmesg.gz': gzipSync(refined(1000)).subarray(0, 30),
  });
  writeFileSync(join(top, 'secret'), refined(9000));
  symlinkSync(join(top, 'secret'), join(root, 'dmesg'));
  const { found } = await readText(root, { name: root });
  expect(found).toBe('read: var/log/messages; not read: dmesg.gz is damaged: unexpected end of file');
});

test('what is no text is passed over, and closed', async () => {
  const root = folder({ 'kern.log': refined(2000), dmesg: Buffer.from('\x7fELF\x02\x01\x01') });
  const { found } = await readText(root, { name: root });
  expect(found).toBe('read: kern.log; not read: dmesg is a program (ELF), not text');
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  expect(open.filter((path) => path.startsWith(root))).toEqual([]);
});

test.each<[string, () => Promise<string | Buffer>, RegExp]>([
  ['nothing of that name', async () => folder({ 'report.pdf': 'x' }), /holds no kernel log/],
  [
    'an archive that was cut',
    async () => (await archive({ dmesg: refined(1000).repeat(100) })).subarray(0, 2000),
    /damaged tar/,
  ],
  [
    'a packed archive that was cut',
    async () => gzipSync(await archive({ dmesg: refined(1000).repeat(100) })).subarray(0, 150),
    /is damaged/,
  ],
])('%s is one error', async (_, make, message) => {
  await expect(answer(await make())).rejects.toThrow(
    expect.objectContaining({ name: 'UserError', message: expect.stringMatching(message) }),
  );
});
