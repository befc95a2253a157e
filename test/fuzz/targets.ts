/**
 * One target for each parser of text from elsewhere. A target gives what people are shown of its input; it throws where
 * the parser does what it must not. Errors for the user are an answer like any other.
 */
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type fc from 'fast-check';
import { HostFault, UserError } from '../../harness/base/errors.ts';
import { block, json } from '../../harness/base/safe-text.ts';
import { gatherAppliance } from '../../harness/evidence/appliance.ts';
import { readConsole } from '../../harness/evidence/console.ts';
import { gatherEvidence } from '../../harness/evidence/evidence.ts';
import { decodeExits, decodeExitsHex } from '../../harness/evidence/exits.ts';
import { factsOf, gatherFacts } from '../../harness/evidence/facts.ts';
import { collectFrames, frameChecksum } from '../../harness/evidence/frames.ts';
import { collectLines } from '../../harness/evidence/pasted/collect.ts';
import { readPasted } from '../../harness/evidence/pasted/read-pasted.ts';
import { describeReads } from '../../harness/evidence/reads.ts';
import { readFrames } from '../../harness/evidence/report.ts';
import { readNumbers, readTap } from '../../harness/evidence/tap.ts';
import { readElf } from '../../harness/image/elf.ts';
import { parseMatrix } from '../../harness/matrix/load.ts';
import { readBlob } from '../../harness/record/blob/blob-read.ts';
import { readLog } from '../../harness/record/log.ts';
import { parseProvenance } from '../../harness/record/provenance/provenance-types.ts';
import { diagnosisText } from '../../harness/report/diagnosis-text.ts';
import { renderTable } from '../../harness/report/table.ts';
import { diagnose } from '../../harness/verdict/diagnose.ts';
import { captured, damaged, linesOf, matrices } from './inputs.ts';
import { tinyElf } from './tiny-elf.ts';
import { tinyTar } from './tiny-tar.ts';

export interface Target {
  readonly name: string;
  readonly inputs: fc.Arbitrary<Buffer>;
  /** What is shown of it. */
  readonly show: (input: Buffer) => string | Promise<string>;
}

const NONCE = '0123abcd';

/** Frames with right checksums, of every kind that is read. */
function frames(payloads: readonly string[]): string[] {
  return payloads.map((text, seq) => {
    const at = text.indexOf(' ');
    const [kind, payload] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    return `@tsc ${NONCE} ${seq} ${frameChecksum(NONCE, seq, kind, payload)} ${kind} ${payload}\n`;
  });
}

const PROBE = frames([
  'begin protocol=1 uptime_ns=1',
  'poll t_ns=1 tsc=1 current=tsc available=tsc,hpet',
  'settled state=registered t_ns=5',
  'hypervisor signature=KVMKVMKVM\\x00\\x00 max_leaf=0x40000001',
  'dmesg [    0.000000] tsc: Detected 2999.998 MHz processor\\x0atsc: \\+',
  'dmesg tail of it',
  'refcost source=pm reads=5 min=1 median=2 p90=3 max=4',
  'logsum records=2 lines=64 block=64 lost=0 crc=9e4506dc',
  'cpuid leaf=0x1 eax=1 ebx=2 ecx=3 edx=4',
  'flags tsc constant_tsc',
  'end frames=11',
]);
const TESTED = frames([
  'begin protocol=1 uptime_ns=1',
  'test n=0 t_ns=5 timeout_ms=1000 cap=65536 name=one',
  'testout 0 TAP version 13\\x0a1..1\\x0aok 1 \\xc3',
  'testerr 0 oh\\x0a',
  'testend n=0 how=exit code=3 ns=7000 bytes=90 error=',
  'tracefunc name=tsc_read_refs symbol=none traceable=none kprobes=yes',
  'traceinfo entries-in-buffer/entries-written: 75/75',
  'traceinfo sent=1 others=0 cut=0',
  'traceerror [    0.1] trace_kprobe: error: Failed to register probe event',
  'trace      swapper/0-1       [000] .....     1.234567: r_tsc_read_refs: ret=0xffffffffffffffff',
  'end frames=10 state=registered key=feedbeef',
]);
const TAP = [
  'KTAP version 1\n',
  '1..3\n',
  '# Subtest: a\n',
  '    1..1\n',
  '    ok 1 b # SKIP\n',
  'not ok 2 - c # TODO d\n',
  'ok 3\n',
  '  ---\n  at: {}\n  ...\n',
  'Bail out! e\n',
  'read_ns=41.5 # x=-1e9\n',
  'pragma +strict\n',
];
/** A dynamic program: its header, PT_INTERP, PT_LOAD, PT_DYNAMIC, a name. */
const ELF = tinyElf(1);
const APPLIANCE = frames([
  'l1begin protocol=1',
  'l1uname 6.1.0 #1 SMP',
  'l2start t_ns=1',
  'l2qmp {"event":"SHUTDOWN","data":{"reason":"guest-reset"}}',
  'l2qmp {"return":{"enabled":true},"id":2}',
  'l2stderr qemu: \\x1b[31mno\\x0a',
  'l1beat t_ns=5 console=17',
  'l2exits 545343580100000000',
  'l2end state=over exit=0 signal=0 t_ns=9',
  'l1end state=over frames=10',
]);
const KERNEL = linesOf([...captured('eras'), ...captured('forms'), ...captured('damaged')]);
const STAMPED = [...'ab'].map((letter) => `[    2.050090] ${letter}`);
const SAME = '[    0.000000] x\n'.repeat(64);

/** The answer, or the message that the command would end with. */
async function orMessage(parse: () => string | Promise<string>): Promise<string> {
  try {
    return await parse();
  } catch (error) {
    if (error instanceof UserError || error instanceof HostFault)
      return `${block(error.message)}\n${block(error.hint ?? '')}`;
    throw error;
  }
}

const jsonOf = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
};

const EVENTS = captured('records', 'events.jsonl');
const PROVENANCES = captured('records', 'provenance.json');
/** The head of struct exits (images/exits/exits.h), and what is left of it. */
const EXITS = { head: 'TSCX\x01\x00\x00\x00', rest: '\x00'.repeat(680) };
const TAR = await tinyTar();
const BLOB = join(tmpdir(), `tscmatrix-fuzz-${process.pid}.blob`);

export const TARGETS: readonly Target[] = [
  {
    name: 'console frames',
    inputs: damaged([
      ...PROBE,
      ...PROBE.map((frame) => frame.slice(0, 40)),
      ...STAMPED,
      `@tsc ${NONCE} `,
      '@tsc ',
    ]),
    show: (input) => {
      const lines = readConsole(input);
      const { frames, counts } = collectFrames(lines, NONCE);
      return [
        ...lines.map(({ text }) => text),
        ...frames.map(({ payload }) => payload),
        JSON.stringify(counts),
      ].join('\n');
    },
  },
  {
    name: 'evidence',
    inputs: damaged([...PROBE, ...TESTED, ...KERNEL, ...STAMPED, SAME], captured('probe').slice(0, 2)),
    show: (input) => {
      const evidence = gatherEvidence(input, NONCE);
      readFrames(readConsole(input), NONCE, 'feedbeef');
      return json([evidence, diagnose({ facts: evidence.facts })]);
    },
  },
  {
    name: 'diagnose',
    inputs: damaged([
      ...KERNEL,
      '$ dmesg | grep -i tsc\n',
      'tsc hpet acpi_pm\n',
      'available_clocksource: ',
      '> ',
    ]),
    show: (input) => {
      const diagnosis = diagnose({ facts: gatherFacts(readConsole(input)) });
      return `${diagnosisText(diagnosis, {}, false)}${json(diagnosis)}`;
    },
  },
  {
    name: 'pasted text',
    inputs: damaged([
      ...KERNEL,
      'Mar 09 07:03:06 host1 kernel: ',
      '<br>',
      '=\n',
      '\\n',
      '{"MESSAGE":"',
      '-- Boot 0123456789abcdef0123456789abcdef --\n',
    ]),
    show: (input) => {
      const collector = collectLines();
      collector.push(input);
      const pasted = readPasted(collector.end().lines);
      const diagnosis = diagnose({ facts: factsOf(pasted.lines) });
      const notes = { boots: pasted.boots, ...(pasted.first === null ? {} : { first: pasted.first }) };
      return `${diagnosisText(diagnosis, notes, false)}${json({ ...diagnosis, ...notes })}`;
    },
  },
  {
    name: 'appliance log',
    inputs: damaged([
      ...APPLIANCE,
      ...APPLIANCE.map((frame) => frame.slice(0, 50)),
      ...KERNEL.slice(0, 200),
      ...STAMPED,
    ]),
    show: (input) => {
      // QEMU's parsed JSON is kept as it came; it is shown by JSON alone.
      const { qmp, ...shown } = gatherAppliance(input, NONCE);
      return `${json(shown)}${json(qmp)}`;
    },
  },
  {
    name: 'test output',
    inputs: damaged(TAP),
    show: (input) => {
      const text = input.toString('utf8');
      return json([readTap(text), readNumbers(text)]);
    },
  },
  {
    name: 'programs',
    inputs: damaged([ELF.toString('latin1').slice(0, 64), '\xff'.repeat(8), '\x00'.repeat(16)], [ELF]),
    show: (input) => json(readElf(input)),
  },
  {
    name: 'exit counts',
    inputs: damaged(
      [EXITS.head, EXITS.rest, '\xff'.repeat(8), '\x01\x00\x00\x00\x00\x00\x00\x00'],
      [Buffer.from(EXITS.head + EXITS.rest, 'latin1')],
    ),
    show: (input) =>
      [decodeExits(input), decodeExitsHex(input.toString('latin1')), decodeExitsHex(input.toString('hex'))]
        .map((decoded) => (decoded.kind === 'counted' ? String(describeReads(decoded.counts)) : decoded.why))
        .join('\n'),
  },
  {
    name: 'events',
    inputs: damaged(linesOf(EVENTS), EVENTS),
    show: (input) =>
      orMessage(async () => {
        const { view, problems } = await readLog(input.toString('utf8').split('\n'), 'events.jsonl');
        const table = renderTable(view, { colour: false, unicode: false, columns: 100 });
        return [table, ...problems.map(({ text }) => block(text))].join('\n');
      }),
  },
  {
    name: 'provenance',
    inputs: damaged(linesOf(PROVENANCES), PROVENANCES),
    show: (input) => {
      try {
        return json(parseProvenance(jsonOf(input)));
      } catch (error) {
        return block(String(error));
      }
    },
  },
  {
    name: 'matrix',
    inputs: damaged(
      [...linesOf(matrices()), '&a ', '*a ', '<<: *a\n', '- ', '? ', ': ', '{', '}', '!!str ', '"*a"'],
      matrices().slice(0, 3),
    ),
    show: (input) => orMessage(() => json(parseMatrix(input.toString('utf8'), 'm.yaml'))),
  },
  {
    name: 'blob',
    inputs: damaged(TAR.pieces, [TAR.whole]),
    show: async (input) => {
      await writeFile(BLOB, gzipSync(input, { level: 1 }));
      try {
        return await orMessage(async () => json(await readBlob(BLOB, async () => {})));
      } finally {
        await rm(BLOB, { force: true });
      }
    },
  },
];
