/** Fits a spec and its configurations to a host that is not the distribution's own: what cannot be had is switched off, and listed. */
import { findProgram } from '../../host/program.ts';
import { parseOptions } from '../make/options.ts';
import { conditionals } from './spec.ts';

/** Of a kernel's packages what does not boot, or cannot be made here. Names of --without, in the specs of el7 to Fedora. */
const WITHOUT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    'debug debuginfo doc perf libperf tools kdump bootwrapper bpftool selftests cross_headers rtla rv ynl pae zfcpdump arm64_16k arm64_64k realtime automotive kernel_abi_whitelists kernel_abi_stablelists ipaclones efiuki uki dpdk'
      .split(' ')
      .map((name) => [name, 'not needed to boot']),
  ),
  kabichk: 'the check of the kABI is for the kernel without your patch',
  kabidwchk: "kABI by DWARF needs the distribution's own tool",
  kabidupchk: 'the check of the kABI is for the kernel without your patch',
  signkernel: "signing needs the distribution's keys",
  signmodules: "signing needs the distribution's keys",
};

/** Switches that specs of el8 and later set by themselves. */
const SIGNING = /^(\s*%(?:global|define)\s+(signkernel|signmodules|efiuki)\s+)1[ \t]*$/gm;
const BTF = /^CONFIG_DEBUG_INFO_BTF(\w*)=y$/gm;

export interface Fitted {
  readonly spec: string;
  /** For rpmbuild. */
  readonly switches: readonly string[];
  /** For people: each thing that is switched off, and why. */
  readonly off: readonly string[];
}

/** `text` is the spec's. */
export function fitSpec(text: string): Fitted {
  const known = conditionals(text);
  const off: string[] = [];
  const switches = known.with.has('baseonly') ? ['--with', 'baseonly'] : [];
  if (switches.length > 0) off.push('--with baseonly: the one kernel, no variants');
  for (const [name, why] of Object.entries(WITHOUT)) {
    if (!known.without.has(name)) continue;
    switches.push('--without', name);
    off.push(`--without ${name}: ${why}`);
  }
  const spec = text.replace(SIGNING, (_, before: string, name: string) => {
    off.push(
      `${name} 0 in the spec that is built: ${name === 'efiuki' ? 'not needed to boot' : "signing needs the distribution's keys"}`,
    );
    return `${before}0`;
  });
  if (/%\{?pesign\b/.test(text)) off.push('%pesign copies the kernel, which is not signed');
  return { spec, switches, off };
}

/** Whether BTF, which pahole makes, can be had. */
export async function canMakeBtf(): Promise<boolean> {
  return (await findProgram('pahole').catch(() => null)) !== null;
}

/** A configuration without BTF; null if it has none. */
export function withoutBtf(config: string): string | null {
  if (parseOptions(config).get('CONFIG_DEBUG_INFO_BTF') !== 'y') return null;
  return config.replace(BTF, '# CONFIG_DEBUG_INFO_BTF$1 is not set');
}
