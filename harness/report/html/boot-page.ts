/** One boot as a page shows it: what was observed, why, the console, and the commands to do it again. */

import { ppmText, secondsText } from '../../base/figures.ts';
import { shellCommand } from '../../guest/launch/shell.ts';
import type { BootView } from '../../record/run-view.ts';
import type { CellFinished, CellStarted } from '../../record/types.ts';
import { clockLines } from '../clock-text.ts';
import { acceleratorOf } from '../machines.ts';
import { readCostPlot } from '../plot/read-costs.ts';
import { testLines } from '../test-text.ts';
import { endingText } from '../words.ts';
import { type BootFiles, readBootFiles } from './boot-files.ts';
import { consolePage } from './console-page.ts';
import type { MeasuredCosts } from './evidence-file.ts';
import { visible } from './markup.ts';
import type { BootPage, ConsolePage, DiagnosisPage, Pair } from './types.ts';

const NO_FILES: BootFiles = { logs: [], commands: [], costs: null, problems: [] };

/** `extent` is of the consoles. */
export async function bootPage(
  runDir: string,
  boot: BootView,
  extent: 'whole' | 'excerpt',
): Promise<{ page: BootPage; costs: MeasuredCosts | null }> {
  const { started, finished } = boot;
  const files = finished === null ? NO_FILES : await readBootFiles(runDir, finished.folder);
  const observation = finished?.observation;
  const diagnosis = observation?.diagnosis ?? null;
  const argv = started?.argv ?? [];
  const page: BootPage = {
    boot: boot.boot,
    host: hostOf(boot),
    verdict: observation?.verdict ?? 'not finished',
    reason: visible(observation?.reason ?? 'the record ends while this boot was going on'),
    facts: finished === null ? [] : factsOf(boot, finished),
    diagnosis: diagnosis === null ? null : diagnosisPage(diagnosis),
    differences: (observation?.differences ?? []).map(({ what, asked, got, seenBy }) => ({
      what: visible(what),
      asked: visible(asked),
      got: visible(got),
      seenBy: visible(seenBy),
    })),
    commands: commandsOf(files, argv, started?.nested?.argv),
    readCosts: files.costs === null ? null : readCostsOf(files.costs, observation?.kernelKhz ?? null),
    consoles: finished === null ? [] : consolesOf(finished, files, extent),
    problems: files.problems.map(visible),
  };
  return { page, costs: files.costs };
}

function hostOf({ started, finished }: BootView): string | null {
  const label = finished?.host ?? started?.host;
  return label === undefined ? null : visible(label);
}

function factsOf({ started, retried }: BootView, finished: CellFinished): Pair[] {
  const { observation: o, ending, wallMs, cpuMs, transcriptSha256 } = finished;
  const detail = 'detail' in ending ? `: ${ending.detail}` : '';
  const facts: (readonly [string, string | null])[] = [
    ['Current clocksource', o.current],
    ['Available', o.available?.join(' ') ?? null],
    ["Kernel's frequency", o.kernelKhz === null ? null : khzText(o.kernelKhz)],
    [
      'True frequency',
      o.trueKhz === null ? null : `${khzText(o.trueKhz)} (${o.trueKhzFrom ?? 'source not recorded'})`,
    ],
    [
      'What it was told',
      o.toldKhz == null
        ? null
        : `${khzText(o.toldKhz)}${o.toldPpm == null ? '' : `, ${ppmText(o.toldPpm)} from the true one`}`,
    ],
    ["Kernel's own error", o.ppm === null ? null : ppmText(o.ppm, o.ppmWithin)],
    ...(o.clock == null ? [] : clockLines(o.clock).map(([name, text]) => [`Clock: ${name}`, text] as const)),
    ...testLines(o.tests).map((line) => ['Test', line] as const),
    ['Reads counted', countsOf(o.readCounts ?? null)],
    ['How the guest ended', ending.kind + detail],
    ...retried.map((one) => ['Tried again after', endingText(one.ending)] as const),
    ['Accelerator', acceleratorText(started)],
    ['Runs on', started?.emulator === 'pinned' ? 'the pinned QEMU' : null],
    ['Appliance', applianceText(started)],
    ['Host', finished.host ?? null],
    ['Time', `${secondsText(wallMs)}, CPU ${secondsText(cpuMs)}`],
    ['Transcript sha256', transcriptSha256 ?? 'none: the end frame never came'],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [[visible(name), visible(value)] as const]));
}

function acceleratorText(started: CellStarted | null): string | null {
  const accelerator = acceleratorOf(started);
  const reason = started?.acceleratorReason;
  return accelerator === null || reason === undefined ? accelerator : `${accelerator}: ${reason}`;
}

function applianceText(started: CellStarted | null): string | null {
  if (started?.nested === undefined) return null;
  const { kernelRelease, qemuVersion, sha256 } = started.nested;
  return `Linux ${kernelRelease}, QEMU ${qemuVersion}, sha256 ${sha256}`;
}

/** From outside the guest, so of firmware and kernel together. */
function countsOf(counts: { readonly pm: number; readonly hpet: number } | null): string | null {
  return counts === null ? null : `PM timer ${counts.pm}, HPET ${counts.hpet} (firmware and kernel)`;
}

function khzText(khz: number): string {
  return `${(khz / 1000).toFixed(3)} MHz`;
}

function diagnosisPage(diagnosis: NonNullable<CellFinished['observation']['diagnosis']>): DiagnosisPage {
  return {
    cause: diagnosis.cause,
    confidence: diagnosis.confidence,
    summary: visible(diagnosis.summary),
    evidence: diagnosis.evidence.map(({ line, text, shows }) => ({
      line,
      text: visible(text),
      shows: visible(shows),
    })),
    not: diagnosis.not.map(visible),
    next: diagnosis.next.map(visible),
  };
}

/** The command files of the boot; if they are gone, what the event log has. */
function commandsOf(
  files: BootFiles,
  argv: readonly string[],
  inner: readonly string[] = [],
): BootPage['commands'] {
  if (files.commands.length > 0) {
    return files.commands.map(({ name, text }) => ({
      title: name,
      text: visible(text.replace(/^#!.*\n/, '').trimEnd()),
    }));
  }
  const command = (title: string, [qemu, ...rest]: readonly string[]): BootPage['commands'] =>
    qemu === undefined ? [] : [{ title, text: visible(shellCommand({ qemu, argv: rest })) }];
  return [...command('QEMU', argv), ...command('QEMU in the appliance', inner)];
}

const SOURCES: Readonly<Record<string, string>> = {
  pm: 'PM timer, 1 read',
  pm3: 'PM timer, 3 reads',
  hpet: 'HPET, 1 read',
};

function readCostsOf({ costs, limit }: MeasuredCosts, khz: number | null): BootPage['readCosts'] {
  const measured = costs.flatMap((cost) => (cost.kind === 'measured' ? [cost] : []));
  const label = (source: string): string => visible(SOURCES[source] ?? source);
  const svg =
    measured.length === 0
      ? ''
      : readCostPlot(
          measured.map((cost) => ({ ...cost, label: label(cost.source) })),
          limit === null
            ? []
            : [
                {
                  cycles: limit.cycles,
                  label: `Linux ${limit.era} accepts a sample up to ${limit.cycles.toLocaleString('en')}`,
                },
              ],
        );
  const us = (cycles: number): string => (khz === null ? '' : ` (${((cycles * 1000) / khz).toFixed(2)} µs)`);
  const rows = costs.map((cost) =>
    cost.kind === 'error'
      ? [label(cost.source), `could not be measured: ${visible(cost.text)}`]
      : [
          label(cost.source),
          `${cost.reads}`,
          `${cost.min}`,
          `${cost.median}${us(cost.median)}`,
          `${cost.p90}`,
          `${cost.max}${us(cost.max)}`,
        ],
  );
  return { svg, rows };
}

const TITLES: Readonly<Record<string, string>> = {
  'console.log': "The guest's console",
  'trace.log': "The kernel's trace",
  'appliance.log': "The appliance's console (L1)",
  'qemu-stderr.log': 'What QEMU printed',
};

function consolesOf(finished: CellFinished, files: BootFiles, extent: 'whole' | 'excerpt'): ConsolePage[] {
  const cited = (finished.observation.diagnosis?.evidence ?? []).flatMap(({ line }) =>
    line > 0 ? [line] : [],
  );
  return files.logs.map(({ name, bytes }, i) =>
    consolePage(
      {
        path: visible(`${finished.folder}/${name}`),
        title: visible(TITLES[name] ?? name),
        bytes,
        cited: i === 0 && name === 'console.log' ? cited : null,
      },
      extent,
    ),
  );
}
