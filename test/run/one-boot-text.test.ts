// What boot prints of a nested guest: the appliance, the counted reads, attempts before.
import { expect, test } from 'vitest';
import type { ExitCounts } from '../../harness/evidence/exits.ts';
import type { Ending } from '../../harness/guest/ending/ending.ts';
import type { Launch } from '../../harness/guest/types.ts';
import type { Observed } from '../../harness/lab/boot-once.ts';
import { DEFAULT_GUEST } from '../../harness/matrix/settings.ts';
import type { OneBoot } from '../../harness/run/one-boot.ts';
import { bootDocument, bootText } from '../../harness/run/one-boot-text.ts';
import { nestedLaunch } from '../guest/nested-launch.ts';
import { observed } from '../record/sample-run.ts';

const STALL: Ending = { kind: 'host-fault', code: 'guest-stalled', detail: 'it stood \u001b[31mstill' };
const KERNEL = { name: 'k', path: '/k', sha256: 'a', release: '6.1.0', origin: 'o', cached: true };
const COUNTS = {
  marks: [{ tNs: 2e9, reads: { pm: 20, hpet: 0 } }, { tNs: 9e9, reads: { pm: 125, hpet: 0 } }, null, null],
  perSecond: { pm: [20, 0, 15, 15, 15, 15, 15, 15, 15], hpet: [] },
} as unknown as ExitCounts;

function shown(launch: Launch, more: Partial<Observed> = {}): OneBoot {
  const seen = {
    launch,
    life: { machine: { qemuVersion: '10.0.13' }, wallMs: 8000, cpuMs: 7000, dump: null },
    ending: { kind: 'finished' },
    evidence: { exits: COUNTS, transcriptSha256: null },
    observation: observed({ kernelKhz: 1_000_150, trueKhz: 1_000_000, ppm: 150.2 }),
    failed: [],
    ...more,
  } as unknown as Observed;
  return { kernel: KERNEL, cell: 'k.nested.deterministic', seen };
}

test('a nested guest tells its appliance, both QEMUs, and what the counted reads show', () => {
  const text = bootText(shown(nestedLaunch()), false);
  expect(text).toMatch(/^accelerator {3}nested: topology nested was asked for; the appliance runs on tcg/m);
  expect(text).toMatch(/^QEMU {10}pinned, 10\.0\.13$/m);
  expect(text).toMatch(/^appliance {5}Linux 6\.1\.176 on tcg, with QEMU 10\.0\.13 in it/m);
  expect(text).toMatch(/^reads {9}125 reads of the PM timer .*: refinement restarts once a second/m);
  expect(text).toMatch(/^frequency {5}1000150 kHz, \+150 ppm from the true 1000000 kHz$/m);
  expect(text).not.toMatch(/^retried/m);
});

test('each attempt before is told, and nothing of it acts on the terminal', () => {
  const failed = [{ nonce: '0badcafe', ending: STALL, wallMs: 1, cpuMs: 1 }];
  const one = shown(nestedLaunch(), { failed });
  expect(bootText(one, false)).toMatch(/^retried {7}after guest-stalled: it stood still$/m);
  expect(bootDocument(one)).toMatchObject({
    qemu: { which: 'pinned', version: '10.0.13' },
    nested: { outer: 'tcg', appliance: { kernelRelease: '6.1.176' } },
    retried: [{ nonce: '0badcafe', ending: STALL }],
    reads: expect.stringContaining('125 reads'),
  });
});

test('a guest that runs directly has neither appliance nor counts', () => {
  const { nested: _, ...launch } = nestedLaunch();
  const direct: Launch = {
    ...launch,
    guest: { ...DEFAULT_GUEST, clock: 'real' },
    accelerator: 'tcg',
    emulator: 'system',
  };
  const one = shown(direct, { evidence: { exits: null, transcriptSha256: null } as never });
  expect(bootText(one, false)).not.toMatch(/^(?:appliance|reads)/m);
  expect(bootText(one, false)).toMatch(/^QEMU {10}system, 10\.0\.13$/m);
  expect(bootDocument(one)).toMatchObject({ nested: null, reads: null });
});
