/** What /proc/cpuinfo says of the host's CPU that matters to a TSC. */
import { readFile } from 'node:fs/promises';

export interface HostCpu {
  readonly flags: ReadonlySet<string>;
  /** "vmx flags", from Linux 5.6 on; empty on AMD and on older kernels. */
  readonly vmxFlags: ReadonlySet<string>;
}

function wordsAfter(text: string, key: string): ReadonlySet<string> {
  const words = new RegExp(`^${key}[ \\t]*:(.*)$`, 'm').exec(text)?.[1] ?? '';
  return new Set(words.split(/\s+/).filter((word) => word !== ''));
}

/** Of the first CPU: a Linux host has the flags that all of its CPUs have. */
export function parseCpuInfo(text: string): HostCpu {
  return { flags: wordsAfter(text, 'flags'), vmxFlags: wordsAfter(text, 'vmx flags') };
}

export async function readHostCpu(): Promise<HostCpu> {
  return parseCpuInfo(await readFile('/proc/cpuinfo', 'utf8'));
}
