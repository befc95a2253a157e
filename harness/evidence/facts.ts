/** Everything that a text says about the TSC clocksource, each fact with the line it stands on. */
import { calibrationFacts, detectedFacts, refinedFacts } from './facts/calibration.ts';
import { clocksourceFacts } from './facts/clocksources.ts';
import { found } from './facts/find.ts';
import { ftraceFact } from './facts/ftrace.ts';
import { commandLineFact, dmiFact, hypervisorFact, kernelFact, parametersOf } from './facts/kernel.ts';
import { shapeOf } from './facts/shape.ts';
import { traceFact } from './facts/trace.ts';
import type { Facts } from './facts/types.ts';
import { watchdogFacts } from './facts/watchdog.ts';
import { type LogLine, type NumberedText, stripLogPrefix } from './log-lines.ts';
import { readShell } from './shell.ts';

export type { Facts } from './facts/types.ts';

/** Of a console, or of a log as the kernel and its tools print it, and of a trace beside it. Never throws. */
export function gatherFacts(text: readonly NumberedText[], trace: readonly NumberedText[] = []): Facts {
  return factsOf(text.map(stripLogPrefix), 0, trace);
}

/** Of lines that were read already, such as pasted ones. `omitted`: lines of the text that are not among them. */
export function factsOf(all: readonly LogLine[], omitted = 0, trace: readonly NumberedText[] = []): Facts {
  const shell = readShell(all);
  const lines = all.filter((line) => !shell.consumed.has(line));
  const commandLine = commandLineFact(lines);
  const clocksources = clocksourceFacts(lines);
  const detected = detectedFacts(lines);
  const refined = refinedFacts(lines);
  const tscKhz = (refined.at(-1) ?? detected.findLast((d) => d.of === 'TSC') ?? detected.at(-1))?.khz ?? null;
  const rates = { tscHz: tscKhz === null ? null : tscKhz * 1000, hpetHz: clocksources.hpetHz };
  const ftrace = ftraceFact(trace);
  return {
    shape: shapeOf(lines, shell, omitted),
    kernel: kernelFact(lines),
    commandLine,
    parameters: parametersOf(commandLine?.text),
    hypervisor: hypervisorFact(lines),
    dmi: dmiFact(lines),
    detected,
    refined,
    calibration: calibrationFacts(lines),
    ...clocksources,
    watchdog: watchdogFacts(lines, rates),
    trace: traceFact(lines),
    ...(ftrace === null ? {} : { ftrace }),
    cpuFlags: cpuFlagsFact(lines),
    available: shell.available,
    current: shell.current,
    commands: shell.commands,
    ...doubtFact(all),
  };
}

function doubtFact(lines: readonly LogLine[]): Pick<Facts, 'doubt'> {
  const line = lines.find(({ doubt }) => doubt !== undefined);
  return line?.doubt === undefined ? {} : { doubt: { ...found(line), kind: line.doubt } };
}

function cpuFlagsFact(lines: readonly LogLine[]): Facts['cpuFlags'] {
  for (const line of lines) {
    const words = /^[Ff]lags *: +([a-z0-9_ ]+)$/.exec(line.text)?.[1]?.trim().split(/ +/) ?? [];
    if (words.length > 5) return { value: words, line: line.n, text: line.shown };
  }
  return null;
}
