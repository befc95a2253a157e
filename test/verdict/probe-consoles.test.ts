/** Whole consoles of real guests with the probe: read as they came, and with damage done to them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { findMismatches } from '../../harness/verdict/machine-check.ts';
import { observe } from '../../harness/verdict/observe.ts';
import { LAUNCH, MACHINE } from './sample-boot.ts';

const NONCE = '00000000';
const cases = [
  {
    file: 'debian-6.1-no-reference',
    added: 'pmtmr=0',
    guest: { hpet: false, pmtimer: false },
    seen: { verdict: 'unrefined', current: 'tsc', diagnosis: { cause: 'no-reference' } },
  },
  {
    file: 'debian-6.12-initcall-blacklisted',
    added: 'initcall_blacklist=init_tsc_clocksource',
    guest: {},
    seen: {
      verdict: 'never',
      current: 'tsc-early',
      diagnosis: {
        cause: 'command-line',
        confidence: 'certain',
        // A parameter begins a sentence as the kernel spells it.
        summary: expect.stringContaining(
          '. initcall_blacklist=init_tsc_clocksource on the kernel command line',
        ),
      },
    },
  },
  {
    file: 'debian-7.3-tsc-unstable',
    added: 'tsc=unstable',
    guest: {},
    seen: {
      verdict: 'unstable',
      current: 'hpet',
      diagnosis: { cause: 'command-line', confidence: 'certain' },
    },
  },
] as const;

describe.each(cases)('$file', ({ file, added, guest, seen }) => {
  const bytes = readFileSync(join(import.meta.dirname, '..', 'captures', 'probe', `${file}.console`));
  const launch = {
    ...LAUNCH,
    nonce: NONCE,
    guest: { ...LAUNCH.guest, smp: 1, ...guest },
    commandLine: `console=ttyS0 ignore_loglevel panic=-1 nokaslr ${added}`,
  };
  const look = (console: Uint8Array) =>
    observe({
      launch,
      ending: { kind: 'finished' },
      evidence: gatherEvidence(console, NONCE),
      // What QEMU said is not in a console: a machine that is as it was asked for.
      machine: { ...MACHINE, vcpus: launch.guest.smp, hpet: launch.guest.hpet },
      trueKhz: { khz: 1_000_000, from: 'icount' },
    });

  test('is observed as it was', () => {
    const evidence = gatherEvidence(bytes, NONCE);
    expect(evidence.report.counts).toMatchObject({ damaged: 0, missing: 0, conflicts: 0, foreign: 0 });
    expect(findMismatches(launch, null, evidence.report, evidence.facts)).toEqual([]);
    expect(evidence.facts.shape.kind).toBe('whole');
    expect(evidence.report.refcost.length).toBeGreaterThan(0);
    const result = look(bytes);
    expect(result).toMatchObject(seen);
    // quick_pit_calibrate() promises no more than this.
    expect(Math.abs(result.ppm ?? Number.NaN)).toBeLessThan(500);
  });

  test('a kernel line inside a frame changes nothing', () => {
    const text = bytes.toString('latin1');
    const at = text.indexOf('settled state=') + 10;
    const hit = `${text.slice(0, at)}[   12.345678] usb 1-1: new device\r\n${text.slice(at)}`;
    expect(gatherEvidence(Buffer.from(hit, 'latin1'), NONCE).report.counts.recovered).toBe(1);
    expect(look(Buffer.from(hit, 'latin1'))).toMatchObject(seen);
  });

  test('a lost byte in a frame that was sent once leaves no evidence', () => {
    const text = bytes.toString('latin1');
    const at = text.indexOf('settled state=') + 9;
    const lost = text.slice(0, at) + text.slice(at + 1);
    expect(look(Buffer.from(lost, 'latin1')).verdict).toBe('no-evidence');
  });

  test('a console cut short leaves no evidence, wherever it is cut', () => {
    for (let part = 1; part < 20; part++)
      expect(look(bytes.subarray(0, Math.floor((bytes.length * part) / 21))).verdict).toBe('no-evidence');
  });
});
