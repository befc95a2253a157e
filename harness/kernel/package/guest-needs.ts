/** What the probe needs of a kernel, by the configuration that lies beside it in its package. */
import { join } from 'node:path';
import { makeScratch } from '../../host/scratch.ts';
import { type Options, parseOptions, REPORTS } from '../make/options.ts';
import { READERS } from './from-package.ts';
import { readMember } from './unpack.ts';

const CONFIG = /^(?:\.\/)*(?:boot\/config-[\w.+~-]+|(?:usr\/)?lib\/modules\/[\w.+~-]+\/config)$/;

/**
 * Options without which a guest says nothing. The console, the initramfs and all clocksources of x86 are bool (drivers/tty/serial/8250/Kconfig,
 * init/Kconfig, arch/x86/Kconfig, drivers/acpi/Kconfig): no module brings them. BINFMT_SCRIPT, for our /init, can be one (fs/Kconfig.binfmt), and nothing could load it.
 */
const NEEDED = [...REPORTS, 'CONFIG_BINFMT_SCRIPT'];

/** For people: no modules needed, or what the guest will lack. */
export async function guestNeeds(kind: 'deb' | 'rpm', path: string): Promise<string> {
  const scratch = await makeScratch();
  try {
    const found = await readMember(READERS[kind], path, CONFIG, join(scratch.path, 'config'));
    return found === undefined
      ? 'it holds no configuration; no modules go into the initramfs'
      : needsText(parseOptions(found.text), found.member);
  } finally {
    await scratch.remove();
  }
}

/** `where`: the configuration's name. */
function needsText(options: Options, where: string): string {
  const lacking = NEEDED.flatMap((name) => {
    const value = options.get(name) ?? 'n';
    return value === 'y' ? [] : [`${name}=${value}`];
  });
  return lacking.length === 0
    ? `all that the probe needs is built in (${where}): no modules go into the initramfs`
    : `the guest cannot report: ${lacking.join(', ')} (${where}), and no module can take its place`;
}
