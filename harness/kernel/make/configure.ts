/** Makes the .config and compares it with what was asked for: kconfig drops what it cannot do without a word. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBelow, readInside } from '../../host/inside.ts';
import { tryTool } from '../../host/process.ts';
import { BuildError, printable } from './errors.ts';
import { type Make, makeTarget } from './make.ts';
import { formatOptions, type Options, parseOptions, REPORTS, type Unmet, unmetOptions } from './options.ts';

export interface WantedConfig {
  /** A whole .config to start from; without it everything that is not named is off. */
  readonly base: string | undefined;
  /** Options of our own base: a tree that does not know one of them can do without. */
  readonly lenient: Options;
  /** Options that the user named. */
  readonly strict: Options;
}

/** What the probe, its console and its clocks need of the guest configuration: it has to come out as it stands there. */
const NEEDED: ReadonlySet<string> = new Set([
  ...REPORTS,
  ...'64BIT SMP PCI ACPI HPET_TIMER X86_PM_TIMER HIGH_RES_TIMERS HYPERVISOR_GUEST PARAVIRT KVM_GUEST PRINTK_TIME RD_GZIP'
    .split(' ')
    .map((name) => `CONFIG_${name}`),
]);

interface Configured {
  readonly text: string;
  /** Lenient options that this tree does not know. */
  readonly unknown: readonly string[];
  /** Lenient ones that came out different, with how and where they are defined. */
  readonly unmet: readonly string[];
}

/** The options in the order in which they count. */
function mergedOptions({ lenient, strict }: WantedConfig): Options {
  return new Map([...[...lenient].filter(([name]) => !strict.has(name)), ...strict]);
}

/**
 * Configures from nothing: an older .config has no influence. The output folder is the build's, which may have put links there
 * that lead to files of the user's: nothing is written or read through one.
 */
export async function configure(make: Make, wanted: WantedConfig): Promise<Configured> {
  const path = join(make.out, '.config');
  const merged = formatOptions(mergedOptions(wanted));
  if (wanted.base === undefined) {
    const all = join(make.out, '.tscmatrix.allconfig');
    await rm(all, { force: true });
    await writeFile(all, merged, { flag: 'wx' });
    await makeTarget(make, 'allnoconfig', { KCONFIG_ALLCONFIG: all });
  } else {
    await rm(path, { force: true });
    await writeFile(path, `${wanted.base}\n${merged}`, { flag: 'wx' });
    await makeTarget(make, 'olddefconfig');
  }
  const text = String(await readInside(make.out, '.config'));
  return { text, ...(await check(make.tree, wanted, parseOptions(text))) };
}

async function check(
  tree: string,
  wanted: WantedConfig,
  config: Options,
): Promise<Pick<Configured, 'unknown' | 'unmet'>> {
  const unmet = unmetOptions(mergedOptions(wanted), config);
  const names = unmet.map(({ name }) => name.replace(/^CONFIG_/, ''));
  const definitions = await findDefinitions(tree, names);
  const isKnown = ({ name }: Unmet) => definitions.has(name.replace(/^CONFIG_/, ''));
  const describe = (one: Unmet): string => {
    const found = definitions.get(one.name.replace(/^CONFIG_/, ''));
    if (found === undefined) return `${one.name}: this tree knows no such option`;
    const where = found.map(({ file, line }) => `${file}:${line}`).join(', ');
    const depends = [...new Set(found.flatMap(({ dependsOn }) => dependsOn))].map(
      (text) => `\n      ${text}`,
    );
    return `${one.name}=${one.wanted}: came out as ${one.found ?? 'n'}${why(one)} (${where})${depends.join('')}`;
  };
  const isNeeded = ({ name }: Unmet) => wanted.strict.has(name) || NEEDED.has(name);
  const faults = unmet.filter((one) => wanted.strict.has(one.name) || (isKnown(one) && isNeeded(one)));
  if (faults.length > 0) {
    throw new BuildError(
      'config',
      `the configuration cannot be had in this tree:\n${faults.map((one) => `  ${describe(one)}`).join('\n')}`,
      { hint: 'set what they depend on as well, or set them to n' },
    );
  }
  const lenient = unmet.filter(({ name }) => !wanted.strict.has(name));
  return {
    unknown: lenient.filter((one) => !isKnown(one)).map(({ name }) => name),
    unmet: lenient.filter(isKnown).map(describe),
  };
}

function why({ wanted, found }: Unmet): string {
  if (wanted === 'n') return ', another option selects it';
  return found === undefined || found === 'n' ? ', a dependency is not met' : ', another option decides it';
}

/** Looks options up in the Kconfig files of a tree. */
interface Definition {
  readonly file: string;
  readonly line: number;
  readonly dependsOn: readonly string[];
}

/** Where each option is defined; an option that no Kconfig file knows is not in the answer. Names without CONFIG_. */
async function findDefinitions(tree: string, names: readonly string[]): Promise<Map<string, Definition[]>> {
  const found = new Map<string, Definition[]>();
  if (names.length === 0) return found;
  const pattern = `^[[:blank:]]*(menu)?config[[:blank:]]+(${names.join('|')})[[:blank:]]*(#.*)?$`;
  // "Kconfig*" with a link followed: no Kconfig file is one, but the tree's top may be.
  const result = await tryTool('grep', ['-rnE', '--include=Kconfig*', '-e', pattern, '.'], {
    cwd: tree,
    env: { LC_ALL: 'C' },
  });
  for (const line of result.stdout.split('\n')) {
    const match = /^\.\/([^:]+):(\d+):\s*(?:menu)?config\s+(\w+)/.exec(line);
    if (match === null) continue;
    const [, file = '', number, name = ''] = match;
    const definition = { file, line: Number(number), dependsOn: await dependsOn(tree, file, Number(number)) };
    found.set(name, [...(found.get(name) ?? []), definition]);
  }
  return found;
}

async function dependsOn(tree: string, file: string, line: number): Promise<string[]> {
  const lines = String(await readBelow(tree, file))
    .split('\n')
    .slice(line);
  const found: string[] = [];
  for (const text of lines) {
    // The next entry ends this one.
    if (/^\s*(?:menu)?config\s|^(?:endif|endmenu|menu|choice|endchoice|if|source|comment)\b/.test(text))
      break;
    if (/^\s+(?:help|---help---)\s*$/.test(text)) break;
    if (/^\s+depends on /.test(text)) found.push(printable(text.trim()));
  }
  return found;
}
