/** A console and names that try to become markup, script or terminal commands. */

/** Sets `window.hit` wherever any of it is taken for markup. */
export const INJECTIONS: readonly string[] = [
  '<img src=x onerror="window.hit=1">',
  '</script><script>window.hit=2</script>',
  '<!--<script>window.hit=3</script>',
  '"><svg onload=window.hit=4>',
  '</td></tr></table><h1 id=smuggled>hit</h1>',
  "'-alert(1)-'",
  '\u2028window.hit=5\u2029',
  '\u202eright to left\u202c',
];
const LONG_LINE_BYTES = 1024 * 1024;

const text = (line: string): Buffer => Buffer.from(`[    0.500000] ${line}\r\n`);

/** Injections, terminal escapes, NUL, bytes that are no UTF-8, and a line of 1 MiB, before and inside a real console. */
export function hostileConsole(real: Buffer): Buffer {
  return Buffer.concat([
    ...INJECTIONS.map(text),
    text('\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u001bc \u009b2J'),
    Buffer.from([0x4e, 0x55, 0x4c, 0x00, 0x20, 0xff, 0xfe, 0xc3, 0x28, 0x07, 0x08, 0x0d, 0x0a]),
    Buffer.alloc(LONG_LINE_BYTES, '<'),
    Buffer.from('\n'),
    real,
  ]);
}
