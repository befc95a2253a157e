/** CPU flags that -cpu asks for or forbids, against QEMU's realized CPU and against what the guest sees. */
import type { ProbeReport } from '../evidence/report.ts';
import type { Launch, MachineFacts } from '../guest/types.ts';
import type { Difference } from './types.ts';

interface CpuAsked {
  readonly model: string;
  /** By QEMU's name with dashes: true was asked for, false was forbidden. */
  readonly flags: ReadonlyMap<string, boolean>;
  /** Properties with a value, for example tsc-frequency. */
  readonly settings: ReadonlyMap<string, string>;
}

/** "EPYC,+invtsc,-kvmclock,tsc-frequency=1000000000"; target/i386/cpu.c x86_cpu_parse_featurestr(). */
export function parseCpu(cpu: string): CpuAsked {
  const [model = '', ...parts] = cpu.split(',');
  const flags = new Map<string, boolean>();
  const settings = new Map<string, string>();
  for (const part of parts) {
    const [name = '', value] = part.replace(/^[+-]/, '').split('=', 2);
    const key = name.replaceAll('_', '-');
    if (part.startsWith('+')) flags.set(key, true);
    else if (part.startsWith('-')) flags.set(key, false);
    else if (value === undefined || value === 'on' || value === 'true') flags.set(key, true);
    else if (value === 'off' || value === 'false') flags.set(key, false);
    else settings.set(key, value);
  }
  return { model, flags, settings };
}

/** Flags whose name in /proc/cpuinfo is known and which the kernel shows as the CPU has them. */
const IN_CPUINFO: Readonly<Record<string, string>> = {
  tsc: 'tsc',
  rdtscp: 'rdtscp',
  'tsc-deadline': 'tsc_deadline_timer',
  'tsc-adjust': 'tsc_adjust',
  hypervisor: 'hypervisor',
};

export function flagDifferences(
  launch: Launch,
  machine: MachineFacts | null,
  report: ProbeReport,
): Difference[] {
  const byQmp = new Map(Object.entries(machine?.cpuFlags ?? {}).map(([k, v]) => [k.replaceAll('_', '-'), v]));
  const differences: Difference[] = [];
  for (const [flag, asked] of parseCpu(launch.guest.cpu).flags) {
    const outside = byQmp.get(flag);
    const inside = seenInside(flag, launch, report);
    for (const [got, seenBy] of [
      [outside, 'qmp'],
      [inside, 'guest'],
    ] as const) {
      if (got === undefined || got === null || got === asked) continue;
      differences.push({
        what: `CPU flag ${flag}`,
        asked: asked ? 'on' : 'off',
        got: got ? 'on' : 'off',
        seenBy,
      });
    }
  }
  return differences;
}

const INVARIANT_TSC_LEAF = 0x80000007;
const INVARIANT_TSC_EDX = 1 << 8;

/** Null if the guest's report does not tell. */
function seenInside(flag: string, launch: Launch, report: ProbeReport): boolean | null {
  if (flag === 'invtsc') {
    const leaf = report.cpuid.find((l) => l.value.leaf === INVARIANT_TSC_LEAF);
    if (leaf !== undefined) return (leaf.value.edx & INVARIANT_TSC_EDX) !== 0;
  }
  // clearcpuid= and notsc make the kernel hide what the CPU has.
  if (report.flags === null || /(?:^| )(?:clearcpuid=|notsc\b)/.test(launch.commandLine)) return null;
  if (flag === 'invtsc') return report.flags.value.includes('nonstop_tsc');
  const name = IN_CPUINFO[flag];
  return name === undefined ? null : report.flags.value.includes(name);
}
