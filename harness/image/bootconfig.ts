/** The trailer that an initramfs carries: Documentation/admin-guide/bootconfig.rst, get_boot_config_from_initrd() in init/main.c. */

const MAGIC = Buffer.from('#BOOTCONFIG\n', 'latin1');
/** XBC_DATA_MAX of include/linux/bootconfig.h: 32 KiB less one. */
const MAX_BYTES = 32 * 1024 - 1;

/**
 * The initramfs with the text behind it: the text, a null byte and more of them up to a multiple of four, its size and the sum
 * of its bytes (32 bits each, little-endian), the magic. The kernel finds it from the end. Throws RangeError for a text that no kernel takes.
 */
export function withBootconfig(initramfs: Uint8Array, text: string): Buffer {
  const words = Buffer.from(`${text}\0`, 'latin1');
  const behind = words.length + 8 + MAGIC.length;
  const padding = (4 - ((initramfs.length + behind) % 4)) % 4;
  const data = Buffer.concat([words, Buffer.alloc(padding)]);
  if (data.length > MAX_BYTES) throw new RangeError(`a bootconfig of ${data.length} bytes`);
  const footer = Buffer.alloc(8);
  footer.writeUInt32LE(data.length, 0);
  footer.writeUInt32LE(data.reduce((sum, byte) => sum + byte, 0) >>> 0, 4);
  return Buffer.concat([initramfs, data, footer, MAGIC]);
}
