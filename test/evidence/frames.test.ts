import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readConsole } from '../../harness/evidence/console.ts';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { frameChecksum } from '../../harness/evidence/frames.ts';
import { readFrames } from '../../harness/evidence/report.ts';
import { bytes, frame, NONCE, report } from './frame-text.ts';

const read = (lines: readonly string[], end = '\n') => readFrames(readConsole(bytes(lines, end)), NONCE);
const POLL = 't_ns=1300000000 tsc=99 current=tsc-early available=tsc-early,hpet,acpi_pm';

test('the checksum is the one that zlib in another language computes', () => {
  expect(frameChecksum(NONCE, 0, 'begin', 'protocol=1 uptime_ns=1200000000 tsc=42')).toBe('ea82ddec');
});

test('a report is complete when begin, end and every frame between have come', () => {
  const result = read(report([['poll', POLL]]), '\r\n');
  expect(result.complete).toBe(true);
  expect(result.counts).toMatchObject({ good: 3, damaged: 0, missing: 0, conflicts: 0 });
  expect(result.polls[0]).toEqual({
    value: { tNs: 1.3e9, tsc: '99', current: 'tsc-early', available: ['tsc-early', 'hpet', 'acpi_pm'] },
    lines: [2],
  });
});

test('kernel lines between the frames do no harm', () => {
  const [begin = '', poll = '', end = ''] = report([['poll', POLL]]);
  expect(read(['[    0.000000] Linux version', begin, '[    2.0] x', poll, '', end]).complete).toBe(true);
});

test.each([0, 1, 2])('without frame %i the report is not complete', (dropped) => {
  const lines = report([['poll', POLL]]).filter((_, i) => i !== dropped);
  const result = read(lines);
  expect(result.complete).toBe(false);
  if (dropped < 2) expect(result.counts.missing).toBe(1);
});

test('one wrong character makes a frame damaged, wherever it is', () => {
  const [begin = '', poll = '', end = ''] = report([['poll', POLL]]);
  for (let at = 14; at < poll.length; at++) {
    const wrong = poll.slice(0, at) + (poll[at] === 'z' ? 'y' : 'z') + poll.slice(at + 1);
    const result = read([begin, wrong, end]);
    expect(result.complete).toBe(false);
    expect(result.polls).toEqual([]);
  }
});

test('a copy sent again replaces a damaged one and is not counted twice', () => {
  const [begin = '', poll = '', end = ''] = report([['poll', POLL]]);
  const result = read([begin, poll.slice(0, 30), poll, poll, end]);
  expect(result.complete).toBe(true);
  expect(result.counts).toMatchObject({ damaged: 1, repeated: 1, conflicts: 0 });
  expect(result.polls).toHaveLength(1);
});

test('two good frames of one number with different texts make the console untrustworthy', () => {
  const [begin = '', poll = '', end = ''] = report([['poll', POLL]]);
  const forged = frame(1, 'poll', POLL.replace('tsc-early', 'tsc'));
  const result = read([begin, poll, forged, end]);
  expect(result.counts.conflicts).toBe(1);
  expect(result.complete).toBe(false);
});

test('frames with another nonce are counted and ignored', () => {
  const foreign = frame(1, 'settled', 'state=registered t_ns=1', 'ffffffff');
  const result = read([...report([]).slice(0, 1), foreign, '@tsc what', ...report([]).slice(1)]);
  expect(result.counts.foreign).toBe(2);
  expect(result.complete).toBe(true);
  expect(result.state).toBe(null);
});

test('a marker inside a line is no frame', () => {
  const lines = report([]);
  const result = read([lines[0] ?? '', `echo ${lines[1]}`]);
  expect(result.transcriptEnd).toBe(null);
  expect(result.complete).toBe(false);
});

test.each([1, 3])('a frame that %i kernel lines cut in two is put together again', (inserted) => {
  const [begin = '', poll = '', end = ''] = report([['poll', POLL]]);
  const kernel = Array.from({ length: inserted }, (_, i) => `[    2.05009${i}] tsc: Refined TSC [x]`);
  for (let at = 5; at < poll.length; at += 4) {
    const result = read(
      [begin, poll.slice(0, at) + (kernel[0] ?? ''), ...kernel.slice(1), poll.slice(at), end],
      '\r\n',
    );
    expect(result.complete).toBe(true);
    expect(result.counts).toMatchObject({ recovered: 1, damaged: 0 });
    expect(result.polls[0]?.lines).toEqual([2, 2 + inserted]);
  }
});

test('one that was cut within its nonce and has no rest is damaged, not foreign', () => {
  const [begin = '', poll = '', end = ''] = report([['poll', POLL]]);
  const result = read([begin, `${poll.slice(0, 9)}[    2.050090] tsc: Refined`, poll, end]);
  expect(result).toMatchObject({ complete: true, counts: { damaged: 1, foreign: 0, recovered: 0 } });
});

test('a frame whose rest never comes is damaged', () => {
  const [begin = '', poll = '', end = ''] = report([['poll', POLL]]);
  const result = read([begin, `${poll.slice(0, 40)}[    2.050090] tsc: Refined`, 'something else', end]);
  expect(result.counts).toMatchObject({ damaged: 1, recovered: 0, missing: 1 });
});

test('a long text goes on in further frames, and escapes come back', () => {
  const result = read(
    report([
      ['cmdline', 'console=ttyS0 a\\x5cb\\+'],
      ['beat', 't_ns=1'],
      ['cmdline', ' quiet\\x09x'],
      ['cpu', 'vendor=AuthenticAMD model=QEMU TCG CPU version 2.5+'],
      ['hypervisor', 'signature=Microsoft\\x20Hv max_leaf=0x40000005'],
    ]),
  );
  expect(result.cmdline?.value).toBe('console=ttyS0 a\\b quiet\tx');
  expect(result.cpu?.value).toEqual({ vendor: 'AuthenticAMD', model: 'QEMU TCG CPU version 2.5+' });
  expect(result.hypervisor?.value).toEqual({ signature: 'Microsoft Hv', maxLeaf: 0x40000005 });
});

test('every kind of frame is read', () => {
  const result = read(
    report([
      ['uname', '6.1.0-56-cloud-amd64 #1 SMP'],
      ['settled', 'state=registered t_ns=4000000000'],
      ['cpus', 'present=0-1 online=0-1'],
      ['flags', 'fpu tsc nonstop_tsc'],
      ['hypervisor', 'signature=none'],
      ['cpuid', 'leaf=0x80000007 eax=0x0 ebx=0x0 ecx=0x0 edx=0x100'],
      ['acpi', 'tables=FACP,HPET'],
      ['pmtimer', 'port=0x608'],
      ['hpet', 'base=0xfed00000 period_fs=10000000'],
      ['refcost', 'source=pm3 reads=100 min=900 median=1000 p90=1200 max=9000'],
      ['refcost', 'source=hpet error=no such device'],
      ['config', 'CONFIG_X86_PM_TIMER=y'],
      ['dmesg', '[    0.000000] Linux version 6.1.0'],
    ]),
  );
  expect(result).toMatchObject({
    complete: true,
    protocol: 1,
    beginNs: 1.2e9,
    state: { value: { state: 'registered', tNs: 4e9 } },
    uname: { value: '6.1.0-56-cloud-amd64 #1 SMP' },
    cpus: { value: { present: '0-1', online: '0-1' } },
    flags: { value: ['fpu', 'tsc', 'nonstop_tsc'] },
    hypervisor: { value: { signature: null, maxLeaf: null } },
    cpuid: [{ value: { leaf: 0x80000007, edx: 0x100 } }],
    acpi: { value: ['FACP', 'HPET'] },
    pmtimer: { value: { kind: 'present', port: 0x608 } },
    hpet: { value: { kind: 'present', base: 0xfed00000, periodFs: 1e7 } },
    refcost: [
      { value: { kind: 'measured', source: 'pm3', median: 1000, p90: 1200 } },
      { value: { kind: 'error', source: 'hpet', text: 'no such device' } },
    ],
    config: [{ value: 'CONFIG_X86_PM_TIMER=y' }],
    dmesg: [{ value: '[    0.000000] Linux version 6.1.0', lines: [14] }],
  });
});

test('the transcript is every byte up to and including the line of the end frame', () => {
  const whole = bytes(report([['poll', POLL]]), '\r\n');
  const later = Buffer.concat([whole, Buffer.from('[    9.0] reboot: machine restart\r\n')]);
  const evidence = gatherEvidence(later, NONCE);
  expect(evidence.report.transcriptEnd).toBe(whole.length);
  expect(evidence.transcriptSha256).toBe(createHash('sha256').update(whole).digest('hex'));
});

test('the log that the probe sent is preferred, cited by console line', () => {
  const refined = '[    2.050090] tsc: Refined TSC clocksource calibration: 2596.082 MHz';
  const evidence = gatherEvidence(bytes(['[    2.05', ...report([['dmesg', refined]])]), NONCE);
  expect(evidence.factsFrom).toBe('probe');
  expect(evidence.facts.refined).toMatchObject([{ line: 3, khz: 2596082 }]);
});

test('without a complete report the kernel lines of the console serve, also one that cut a frame', () => {
  const [begin = ''] = report([]);
  const lines = [
    begin,
    '@tsc 0123abcd 1 000000[    2.050090] tsc: Refined TSC clocksource calibration: 2596.082 MHz',
  ];
  const evidence = gatherEvidence(bytes(lines), NONCE);
  expect(evidence).toMatchObject({ factsFrom: 'console', transcriptSha256: null });
  expect(evidence.facts.refined).toMatchObject([{ line: 2, khz: 2596082 }]);
});
