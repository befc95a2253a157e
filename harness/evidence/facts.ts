/** Everything that a text says about the TSC clocksource, each fact with the line it stands on. */
import { calibrationFacts, detectedFacts, refinedFacts } from './facts/calibration.ts';
import { clocksourceFacts } from './facts/clocksources.ts';
import { commandLineFact, hypervisorFact, kernelFact, parametersOf } from './facts/kernel.ts';
import { shapeOf } from './facts/shape.ts';
import { traceFact } from './facts/trace.ts';
import type { Facts } from './facts/types.ts';
import { watchdogFacts } from './facts/watchdog.ts';
import { type LogLine, type NumberedText, stripLogPrefix } from './log-lines.ts';
import { readShell } from './shell.ts';

export type { Facts } from './facts/types.ts';

/** Reads a log in any form that people paste it. Never throws. */
export function gatherFacts(text: readonly NumberedText[]): Facts {
  const all = text.map(stripLogPrefix);
  const shell = readShell(all);
  const lines = all.filter((line) => !shell.consumed.has(line.n));
  const commandLine = commandLineFact(lines);
  return {
    shape: shapeOf(lines, shell),
    kernel: kernelFact(lines),
    commandLine,
    parameters: parametersOf(commandLine?.text),
    hypervisor: hypervisorFact(lines),
    detected: detectedFacts(lines),
    refined: refinedFacts(lines),
    calibration: calibrationFacts(lines),
    ...clocksourceFacts(lines),
    watchdog: watchdogFacts(lines),
    trace: traceFact(lines),
    cpuFlags: cpuFlagsFact(lines),
    available: shell.available,
    current: shell.current,
    commands: shell.commands,
  };
}

function cpuFlagsFact(lines: readonly LogLine[]): Facts['cpuFlags'] {
  for (const line of lines) {
    const words = /^[Ff]lags *: +([a-z0-9_ ]+)$/.exec(line.text)?.[1]?.trim().split(/ +/) ?? [];
    if (words.length > 5) return { value: words, line: line.n, text: line.shown };
  }
  return null;
}
