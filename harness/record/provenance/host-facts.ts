/** Facts about this host for the provenance. Each is read from where the kernel or lscpu says it, or is null. */
import { readFile } from 'node:fs/promises';
import { cpus, freemem, loadavg, release, totalmem } from 'node:os';
import { tryTool } from '../../host/process.ts';
import type { Fact, Provenance } from './provenance-types.ts';

const CLOCKSOURCE = '/sys/devices/system/clocksource/clocksource0';
const MIB = 1024 * 1024;

/** Runs `read`; a failure, or a value of null, becomes the fact's reason. */
export async function factOf<T>(read: () => Promise<T>): Promise<Fact<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    return {
      value: null,
      reason: (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '',
    };
  }
}

async function readText(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim();
}

export async function gatherHostFacts(): Promise<Provenance['host']> {
  const [cpu, hypervisor, current, available, tscKhz] = await Promise.all([
    factOf(readCpuModel),
    factOf(readHypervisor),
    factOf(() => readText(`${CLOCKSOURCE}/current_clocksource`)),
    factOf(async () => (await readText(`${CLOCKSOURCE}/available_clocksource`)).split(/\s+/)),
    factOf(readTscKhz),
  ]);
  return {
    cpu,
    cpus: cpus().length,
    kernel: release(),
    hypervisor,
    clocksource: { current, available },
    tscKhz,
    load: loadavg(),
    memoryMiB: Math.round(totalmem() / MIB),
    memoryFreeMiB: Math.round(freemem() / MIB),
  };
}

async function readCpuModel(): Promise<string> {
  const model = cpus()[0]?.model.trim();
  if (model === undefined || model === '' || model === 'unknown')
    throw new Error('/proc/cpuinfo names no model');
  return model;
}

/** The CPU flag "hypervisor" (CPUID 1, ECX bit 31) says whether there is one, lscpu which. */
async function readHypervisor(): Promise<string> {
  const info = await readText('/proc/cpuinfo');
  const flags = /^flags\s*:(.*)$/m.exec(info)?.[1];
  if (flags === undefined) throw new Error('/proc/cpuinfo lists no flags');
  if (!/\bhypervisor\b/.test(flags)) return 'none';
  const { stdout } = await tryTool('lscpu', [], { env: { LC_ALL: 'C' }, timeoutMs: 10_000 });
  const vendor = /^Hypervisor vendor:\s*(.+)$/m.exec(stdout)?.[1];
  if (vendor === undefined) throw new Error('the CPU flag says that there is one, lscpu does not know which');
  return vendor.trim();
}

/**
 * Only what the kernel itself says: the "cpu MHz" of /proc/cpuinfo is not the TSC's frequency. tsc_freq_khz is an
 * out-of-tree attribute that some distributions carry; the log says the rest, as long as it still holds the boot.
 */
async function readTscKhz(): Promise<number> {
  const attribute = Number(await readText('/sys/devices/system/cpu/cpu0/tsc_freq_khz').catch(() => ''));
  if (attribute > 0) return attribute;
  const { exitCode, stdout } = await tryTool('dmesg', [], { timeoutMs: 10_000 });
  if (exitCode !== 0) throw new Error('no tsc_freq_khz, and dmesg is not allowed');
  const found =
    /tsc: Refined TSC clocksource calibration: ([\d.]+) MHz/.exec(stdout) ??
    /tsc: Detected ([\d.]+) MHz TSC/.exec(stdout) ??
    /tsc: Detected ([\d.]+) MHz processor/.exec(stdout);
  if (found === null) throw new Error('no tsc_freq_khz, and dmesg does not say');
  return Math.round(Number(found[1]) * 1000);
}
