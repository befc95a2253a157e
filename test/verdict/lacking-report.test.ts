/** Real consoles of which parts of the probe's report are not there, as of a kernel that does not offer them. */
import { describe, expect, test } from 'vitest';
import { gatherAppliance } from '../../harness/evidence/appliance.ts';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { observe } from '../../harness/verdict/observe.ts';
import { bytes, frame } from '../evidence/frame-text.ts';
import { capture, GUEST_NONCE } from '../evidence/nested-capture.ts';
import { LAUNCH, MACHINE } from './sample-boot.ts';

interface Changed {
  /** Kinds of frames that do not come. */
  readonly without?: RegExp;
  /** Frames in their place. */
  readonly unread?: readonly string[];
  /** Lines of the kernel that do not come. */
  readonly silent?: RegExp;
  readonly counted?: boolean;
}

/** The console with its frames numbered anew; without tsc-early, as up to 4.15, which would tell by itself. */
function console(name: string, { without = /^$/, unread = [], silent = /^$/ }: Changed): Buffer {
  const text = capture(`${name}.console`).toString('latin1').replaceAll(',tsc-early', '');
  let seq = 0;
  const made = (kind: string, payload: string): string => frame(seq++, kind, payload, GUEST_NONCE);
  return bytes(
    text.split(/\r?\n/).flatMap((line) => {
      const [, kind = '', payload = ''] = /^@tsc \S+ \d+ \S+ (\w+) ?(.*)$/.exec(line) ?? [];
      if (kind === '') return silent.test(line) ? [] : [line];
      if (kind === 'end')
        return [
          ...unread.map((file) => made('unread', `file=${file} error=No such file or directory`)),
          made('end', payload.replace(/frames=\d+/, `frames=${seq + 1}`)),
        ];
      if (without.test(kind)) return [];
      const state = unread.some((file) => file.includes('clocksource')) ? 'unknown' : '$1';
      return [made(kind, kind === 'settled' ? payload.replace(/state=(\w+)/, `state=${state}`) : payload)];
    }),
  );
}

function look(name: string, changed: Changed = {}) {
  const appliance = capture(`${name}.appliance`);
  const [, nonce = ''] = /^@tsc (\S+)/m.exec(appliance.toString('latin1')) ?? [];
  const { exits } = gatherAppliance(appliance, nonce);
  const counts = exits?.kind === 'counted' && changed.counted !== false ? exits.counts : null;
  const evidence = gatherEvidence(console(name, changed), GUEST_NONCE, counts);
  const commandLine = evidence.report.cmdline?.value ?? '';
  const guest = { ...LAUNCH.guest, topology: 'kvm', cpu: 'host', smp: 1, hpet: false } as const;
  const { verdict, available, current, diagnosis, reason } = observe({
    launch: { ...LAUNCH, nonce: GUEST_NONCE, accelerator: 'kvm', personality: 'kvm', commandLine, guest },
    ending: { kind: 'finished' },
    evidence,
    machine: { ...MACHINE, accelerator: 'kvm', vcpus: 1, hpet: false },
    trueKhz: { khz: name.startsWith('rhel7') ? 3_000_000 : 1_000_000, from: 'icount' },
  });
  return { verdict, available: available?.join(' '), current, cause: diagnosis?.cause, reason };
}

const FAST = { verdict: 'refined', available: 'kvm-clock tsc acpi_pm', current: 'kvm-clock' };
const SLOW = {
  verdict: 'never',
  available: 'kvm-clock acpi_pm',
  current: 'kvm-clock',
  cause: 'refinement-restarts',
};
const NO_LOG = { without: /^(?:dmesg|logsum)$/, unread: ['/dev/kmsg'] };
const NO_CPUS = { without: /^(?:dmesg|logsum|cpus|cpu|flags)$/, unread: ['/dev/kmsg', '/proc/cpuinfo'] };
const SILENT = { ...NO_CPUS, silent: /^\[ *\d+\.\d{6}\]/ };
const NO_LIST = {
  without: /^(?:poll|dmesg|logsum)$/,
  unread: ['/dev/kmsg', '/sys/devices/system/clocksource/clocksource0/available_clocksource'],
};

describe('a nested guest', () => {
  test.each([
    ['with all that the probe reads', {}],
    ['without a log', NO_LOG],
    ['without a log and the CPUs', NO_CPUS],
  ])('%s: refined, and never where reads are slow', (_, changed) => {
    expect(look('stock', changed)).toMatchObject(FAST);
    expect(look('stock-slow', changed)).toMatchObject(SLOW);
  });

  test('whose console is silent too: the list and the counts tell that it never comes', () => {
    const slow = look('stock-slow', SILENT);
    expect(slow).toMatchObject(SLOW);
    expect(slow.reason).toMatch(
      /15 in each of the \d whole seconds.*Not to be read in this guest: \/dev\/kmsg/,
    );
    // What really does not decide.
    expect(look('stock-slow', { ...SILENT, counted: false }).verdict).toBe('undetermined');
    expect(look('stock', SILENT)).toMatchObject({ verdict: 'undetermined', available: FAST.available });
  });

  test('without a list: the console and the counts tell', () => {
    expect(look('stock', NO_LIST)).toMatchObject({ verdict: 'refined' });
    expect(look('stock-slow', NO_LIST)).toMatchObject({ verdict: 'never', cause: 'refinement-restarts' });
  });
});

/** 3.10.0 of RHEL 7, the kernel of the field report: what was undetermined before the console and the counts were believed. */
describe('a kernel of 2017', () => {
  test.each([
    ['with all that the probe reads', {}],
    ['without a log', NO_LOG],
    ['without a log and the CPUs', NO_CPUS],
    ['without a list', NO_LIST],
  ])('%s: refined, and never where reads are slow', (_, changed) => {
    expect(look('rhel7', changed)).toMatchObject({ verdict: 'refined' });
    expect(look('rhel7-slow', changed)).toMatchObject({ verdict: 'never', cause: 'refinement-restarts' });
  });

  test('a frequency that is known, and one that was not refined: its log has another clock than its programs', () => {
    expect(look('rhel7-reliable')).toMatchObject({ ...FAST, verdict: 'known-frequency' });
    expect(look('rhel7-no-reference').verdict).toBe('unrefined');
  });

  test('its lists, and its reads', () => {
    expect(look('rhel7')).toMatchObject(FAST);
    expect(look('rhel7-slow')).toMatchObject(SLOW);
    expect(look('rhel7-slow', SILENT)).toMatchObject(SLOW);
    expect(look('rhel7-slow').reason).toContain('155 reads of the PM timer');
  });
});
