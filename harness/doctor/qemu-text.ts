/** What QEMU prints about itself, read. Pure. */

interface QemuVersion {
  readonly major: number;
  readonly minor: number;
  /** The whole first line, for people. */
  readonly text: string;
}

export function parseVersion(text: string): QemuVersion | null {
  const match = /^QEMU emulator version (\d+)\.(\d+).*$/m.exec(text);
  if (match === null) return null;
  return { major: Number(match[1]), minor: Number(match[2]), text: match[0] };
}

/** Names in `-machine help`: "NAME   description" after a heading. */
export function parseMachines(text: string): ReadonlySet<string> {
  return new Set(firstWords(text, /^Supported machines are:/m));
}

/** Names in `-accel help`. */
export function parseAccelerators(text: string): ReadonlySet<string> {
  return new Set(firstWords(text, /^Accelerators supported in QEMU binary:/m));
}

function firstWords(text: string, heading: RegExp): string[] {
  const match = heading.exec(text);
  if (match === null) return [];
  const lines = text.slice(match.index).split('\n').slice(1);
  return lines.flatMap((line) => /^([\w.-]+)(?:\s|$)/.exec(line)?.[1] ?? []);
}

/** Models in `-cpu help`: "x86 NAME  description" up to 9.0, "  NAME  description" later; flags come after a heading. */
export function parseCpuModels(text: string): ReadonlySet<string> {
  const [models] = text.split(/^Recognized CPUID flags:/m);
  const lines = (models ?? '').split('\n').filter((line) => !/^Available CPUs/.test(line));
  return new Set(lines.flatMap((line) => /^(?:x86\s+|\s+)([\w.-]+)(?:\s|$)/.exec(line)?.[1] ?? []));
}

/** Names of properties in the answer to qom-list-properties; null if QEMU gave none. */
export function parseProperties(qmp: string): ReadonlySet<string> | null {
  for (const line of qmp.split('\n')) {
    const found = /^\s*\{"return": (\[.*\])/.exec(line)?.[1];
    if (found !== undefined) {
      return new Set((JSON.parse(found) as readonly { readonly name: string }[]).map(({ name }) => name));
    }
  }
  return null;
}
