/** The files of one boot beside its console: what was asked, what QEMU said, and the parsed evidence. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { UserError } from '../base/errors.ts';
import type { ApplianceEvidence } from '../evidence/appliance.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { TestRun } from '../evidence/test-frames.ts';
import type { TestReport } from '../evidence/test-results.ts';
import { traceLacks } from '../evidence/trace-frames.ts';
import { decide } from '../guest/accelerator.ts';
import type { Dump } from '../guest/dump-file.ts';
import type { Ending } from '../guest/ending/ending.ts';
import { recordedEnding } from '../guest/ending/rules.ts';
import type { Launch, MachineFacts } from '../guest/types.ts';
import { readInside } from '../host/inside.ts';
import { toWriteError } from '../host/write-faults.ts';
import type { TrueKhz } from '../verdict/clock.ts';

const BOOT_FILE = 'boot.json';
export const EVIDENCE_FILE = 'evidence.json';
const TRACE_FILE = 'trace.log';
const BOOT_FILE_VERSION = 1;

/** All that a verdict rests on besides the console. */
interface BootFile {
  readonly version: number;
  readonly launch: Launch;
  readonly machine: MachineFacts | null;
  /** Of a nested guest: the appliance's machine. */
  readonly outer?: MachineFacts | null;
  readonly ending: Ending;
  readonly trueFrequency: TrueKhz;
  /** Attempts before this one that ended in a fault of the machines below the guest; their files are in attempt-N/. */
  readonly failed?: readonly FailedAttempt[];
  /** Of a guest whose memory was to be kept. */
  readonly dump?: Dump;
}

async function writeText(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw toWriteError(error, path);
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeText(path, `${JSON.stringify(value, null, 2)}\n`);
}

export async function writeBootFile(folder: string, boot: Omit<BootFile, 'version'>): Promise<void> {
  await writeJson(join(folder, BOOT_FILE), { version: BOOT_FILE_VERSION, ...boot });
}

/** `root`: the record that the folder is part of, if somebody else may have made it. Throws UserError. */
export async function readBootFile(folder: string, root = folder): Promise<BootFile> {
  const path = join(folder, BOOT_FILE);
  let boot: BootFile;
  try {
    boot = JSON.parse((await readInside(root, path)).toString('utf8')) as BootFile;
    if (typeof boot !== 'object' || boot === null || typeof boot.launch !== 'object' || boot.launch === null)
      throw new Error('it does not tell of a boot');
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `cannot read ${path}: ${(error as Error).message}`,
      'was the run cut off before this boot ended?',
    );
  }
  if (boot.version > BOOT_FILE_VERSION) {
    throw new UserError(
      `${path} has version ${boot.version}, this program knows ${BOOT_FILE_VERSION}`,
      'use a newer tscmatrix',
    );
  }
  // Launches of earlier versions say nothing of what they decided.
  const { guest, accelerator, acceleratorReason } = boot.launch;
  const launch = { ...decide(guest, accelerator, acceleratorReason), ...boot.launch };
  const { from } = boot.trueFrequency ?? { from: '' };
  const withinPpm = /within ([\d.]+) ppm/.exec(from)?.[1];
  const trueFrequency =
    withinPpm === undefined ? boot.trueFrequency : { withinPpm: Number(withinPpm), ...boot.trueFrequency };
  return { ...boot, trueFrequency, launch, ending: recordedEnding(boot.ending, boot.machine) };
}

/** The kernel's log is left out: it is in the console, and the facts name its lines. */
export async function writeEvidenceFile(
  folder: string,
  evidence: Evidence,
  appliance: ApplianceEvidence | null = null,
): Promise<void> {
  const { log: _, report, tests, ...rest } = evidence;
  const { dmesg, trace, tests: runs, ...shortReport } = report;
  for (const run of runs ?? []) await writeOutput(folder, run);
  await writeJson(join(folder, EVIDENCE_FILE), {
    ...rest,
    report: {
      ...shortReport,
      dmesgRecords: dmesg.length,
      ...(trace === undefined ? {} : { trace: { ...trace, lines: trace.lines.length } }),
    },
    ...(tests === undefined ? {} : { tests: tests.map(withoutOutput) }),
    ...(appliance === null ? {} : { appliance }),
  });
}

/** What a test wrote, apart from the kernel's log: test-1-NAME.out, and .err if there is any. */
async function writeOutput(folder: string, { n, name, out, err }: TestRun): Promise<void> {
  const stem = join(folder, `test-${n + 1}-${name.replaceAll(/[^\w+-]/g, '_').slice(0, 60)}`);
  if (out !== '') await writeText(`${stem}.out`, out);
  if (err !== '') await writeText(`${stem}.err`, err);
}

function withoutOutput({
  run: { out: _out, err: _err, outLines: _lines, ...run },
  ...rest
}: TestReport): object {
  return { run, ...rest };
}

/** The kernel's trace by itself, in the form of /sys/kernel/tracing/trace; nothing if the guest has sent none. */
export async function writeTraceFile(folder: string, { report: { trace } }: Evidence): Promise<void> {
  if (trace === undefined) return;
  const about = [...traceLacks(trace), ...trace.probes, ...trace.errors].map((text) => `# ${text}`);
  const lines = [...about, ...trace.lines.map(({ value }) => value)];
  await writeText(join(folder, TRACE_FILE), lines.map((line) => `${line}\n`).join(''));
}

/** An attempt that ended in a fault of the machines below the guest, and was made again. */
export interface FailedAttempt {
  readonly nonce: string;
  readonly ending: Ending;
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Within `parent`, which is made; never one that is there already. `what` may be any text. */
export async function newJobFolder(parent: string, what: string, at: Date): Promise<string> {
  const stamp = at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const name = `${stamp}-${what.replaceAll(/[^\w.-]/g, '_').slice(0, 40)}`;
  await mkdir(parent, { recursive: true });
  for (let count = 1; ; count++) {
    const folder = join(parent, count === 1 ? name : `${name}-${count}`);
    try {
      await mkdir(folder);
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** As it is told to people: from the current folder if it is within it. */
export function shownPath(folder: string): string {
  const path = relative(process.cwd(), folder);
  return path.startsWith('..') ? folder : path;
}
