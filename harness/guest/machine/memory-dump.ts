/** A dump of a guest's memory, as QEMU writes it (docs/interop/qmp-spec.txt, qapi/dump.json). */
import type { Qmp } from './qmp.ts';

/** Its file, in QEMU's folder and in the boot's. */
export const DUMP_FILE = 'memory.dump';
/** Of kdump-zlib only pages that are not zero take room. */
const FORMATS = ['kdump-zlib', 'elf'] as const;
export type DumpFormat = (typeof FORMATS)[number];

/** What QEMU wrote, or why it wrote none. */
export type DumpMade = { readonly format: DumpFormat } | { readonly none: string };

/**
 * Asks QEMU to pause where it would end, so that a guest that resets itself after a panic is still there. False if QEMU cannot:
 * set-action came with 6.0 (qapi/run-state.json).
 */
export async function holdAtEnd(qmp: Qmp): Promise<boolean> {
  return qmp.execute('set-action', { shutdown: 'pause' }).then(
    () => true,
    () => false,
  );
}

/** The best format that this QEMU can write; kdump-zlib needs a zlib that it was built with. */
async function formatOf(qmp: Qmp): Promise<DumpFormat> {
  const answer = (await qmp.execute('query-dump-guest-memory-capability')) as { readonly formats?: unknown };
  const formats = Array.isArray(answer.formats) ? answer.formats : [];
  return FORMATS.find((format) => formats.includes(format)) ?? 'elf';
}

/** `name`: of the file, in QEMU's folder. Physical memory (paging off): whatever the guest did to its page tables. */
export async function dumpMemory(qmp: Qmp, name: string): Promise<DumpMade> {
  try {
    await qmp.execute('stop');
    const format = await formatOf(qmp);
    await qmp.execute('dump-guest-memory', { paging: false, protocol: `file:${name}`, format });
    return { format };
  } catch (error) {
    return { none: (error as Error).message };
  }
}
