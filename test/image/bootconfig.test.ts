// The trailer, read as get_boot_config_from_initrd() of init/main.c does: from the end.
import { expect, test } from 'vitest';
import { withBootconfig } from '../../harness/image/bootconfig.ts';

function readBack(image: Buffer): { text: string; before: number } | null {
  const footer = image.length - '#BOOTCONFIG\n'.length - 8;
  if (image.subarray(footer + 8).toString('latin1') !== '#BOOTCONFIG\n') return null;
  const size = image.readUInt32LE(footer);
  const data = image.subarray(footer - size, footer);
  const sum = data.reduce((all, byte) => all + byte, 0);
  if (sum !== image.readUInt32LE(footer + 4)) return null;
  return { text: data.toString('latin1').replace(/\0+$/, ''), before: footer - size };
}

test.each([0, 1, 2, 3])(
  'an initramfs of 512 and %i bytes: the kernel finds the text, and its sum',
  (more) => {
    const text = 'ftrace.event.kprobes.f.probes = "f%return"\n';
    const image = withBootconfig(Buffer.alloc(512 + more, 'x'), text);
    expect(readBack(image)).toEqual({ text, before: 512 + more });
    expect(image.length % 4).toBe(0);
    expect(
      readBack(Buffer.concat([image.subarray(0, -21), Buffer.from('!'), image.subarray(-20)])),
    ).toBeNull();
  },
);

test('a text ends in a null byte, as xbc_init() wants it', () => {
  const image = withBootconfig(Buffer.alloc(512), 'abc');
  expect(image.subarray(512, 516).toString('latin1')).toBe('abc\0');
});

test('what no kernel takes is not written', () => {
  expect(() => withBootconfig(Buffer.alloc(0), 'x'.repeat(32 * 1024))).toThrow(RangeError);
});
