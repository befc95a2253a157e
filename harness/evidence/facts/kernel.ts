/** Kernel version, command line, hypervisor: who is speaking. */
import type { LogLine } from '../log-lines.ts';
import { findNamed, found } from './find.ts';
import type { Facts, KernelVersion, Named } from './types.ts';

/** "3.10.0-957.el7.x86_64" and the like; null for a text that is no kernel release. */
export function parseRelease(release: string): KernelVersion | null {
  const match = /^(\d{1,3})\.(\d{1,4})(?:\.(\d{1,5}))?/.exec(release);
  if (match === null) return null;
  const el = /-(\d{1,5})(?:\.\d+)*(?:\.[\w~+]+)*\.el(\d{1,2})(?![0-9])/.exec(release);
  return {
    major: Number(match[1]),
    minor: Number(match[2]),
    patch: Number(match[3] ?? 0),
    el: el === null ? null : { build: Number(el[1]), release: Number(el[2]) },
  };
}

export function kernelFact(lines: readonly LogLine[]): Facts['kernel'] {
  for (const line of lines) {
    const match =
      /^Linux version (\S{1,128})/.exec(line.text) ??
      /^Linux \S{1,64} (\d+\.\d+\S{0,100}) #\d/.exec(line.text);
    const release = match?.[1];
    if (release !== undefined) return { ...found(line), release, version: parseRelease(release) };
  }
  // "uname -r" leaves the bare release on a line.
  for (const line of lines) {
    if (
      !line.stamped &&
      /^\d+\.\d+\.\d+-\S*(?:\.el\d|x86_64|amd64|generic|cloud|default|fc\d)\S*$/.test(line.text)
    )
      return { ...found(line), release: line.text, version: parseRelease(line.text) };
  }
  return null;
}

export function commandLineFact(lines: readonly LogLine[]): Facts['commandLine'] {
  for (const line of lines) {
    const match = /^(?:Kernel command line|Command line): (.*)$/.exec(line.text);
    if (match !== null) return { ...found(line), text: match[1] ?? '' };
  }
  // /proc/cmdline has no prefix, but boot loaders put this first.
  const bare = lines.find((line) => !line.stamped && /^BOOT_IMAGE=\S+ /.test(line.text));
  return bare === undefined ? null : { ...found(bare), text: bare.text };
}

/** Parameters before "--"; quotes keep spaces together as in lib/cmdline.c next_arg(). */
export function parametersOf(commandLine: string | undefined): string[] {
  if (commandLine === undefined) return [];
  const all: string[] = commandLine.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  const stop = all.indexOf('--');
  return stop < 0 ? all : all.slice(0, stop);
}

const HYPERVISORS: readonly (readonly [RegExp, string | null])[] = [
  // arch/x86/kernel/cpu/hypervisor.c detect_hypervisor_vendor()
  [/^Hypervisor detected: (.+)$/, null],
  [/^kvm-clock: (?:Using msrs|cpu \d)/, 'KVM'],
  [/^(?:Xen version \d|xen: (?:PV|Xen)|Booting paravirtualized kernel .*on Xen)/, 'Xen'],
  [/^Booting paravirtualized kernel on KVM/, 'KVM'],
];

export function hypervisorFact(lines: readonly LogLine[]): Named | null {
  for (const [pattern, name] of HYPERVISORS) {
    for (const line of lines) {
      const match = pattern.exec(line.text);
      if (match !== null) return { ...found(line), name: name ?? match[1] ?? '' };
    }
  }
  return null;
}

/** drivers/firmware/dmi_scan.c dmi_format_ids(): "DMI: Dell Inc. PowerEdge R640/0X45NX, BIOS 2.1.8 01/01/2021". */
export function dmiFact(lines: readonly LogLine[]): Named | null {
  return findNamed(lines, /^DMI: (.+)$/)[0] ?? null;
}
