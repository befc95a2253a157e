/** Kernel options as they stand in .config files. */

/** CONFIG_X to its value as written: y, m, n, a number, or a text in quotes. */
export type Options = ReadonlyMap<string, string>;

/** Without these a guest says nothing: no console, no initramfs, no probe. */
export const REPORTS: readonly string[] =
  'BLK_DEV_INITRD BINFMT_ELF PRINTK TTY SERIAL_8250 SERIAL_8250_CONSOLE PROC_FS SYSFS'
    .split(' ')
    .map((name) => `CONFIG_${name}`);

const SET = /^(CONFIG_\w+)=(.*)$/;
const UNSET = /^# (CONFIG_\w+) is not set$/;

/** Reads a .config or a fragment; of two lines for one option the last counts. Other lines are passed over. */
export function parseOptions(text: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const set = SET.exec(line);
    const name = set?.[1] ?? UNSET.exec(line)?.[1];
    if (name === undefined) continue;
    options.delete(name);
    options.set(name, set === null ? 'n' : (set[2] ?? '').trim());
  }
  return options;
}

/** A value of the matrix as a .config has it: texts in quotes. */
export function optionValue(value: string): string {
  return /^(?:[ymn]|-?\d+|0[xX][0-9a-fA-F]+|".*")$/.test(value) ? value : `"${value}"`;
}

/** As kconfig reads it. */
export function formatOptions(options: Options): string {
  return [...options]
    .map(([name, value]) => (value === 'n' ? `# ${name} is not set\n` : `${name}=${value}\n`))
    .join('');
}

export interface Unmet {
  readonly name: string;
  readonly wanted: string;
  /** Undefined if the .config does not mention it. */
  readonly found: string | undefined;
}

/** Wanted options that a .config does not have so. */
export function unmetOptions(wanted: Options, config: Options): Unmet[] {
  const unmet: Unmet[] = [];
  for (const [name, value] of wanted) {
    const found = config.get(name);
    if (found === value || (value === 'n' && found === undefined)) continue;
    unmet.push({ name, wanted: value, found });
  }
  return unmet;
}
