/** Which additions to the kernel command line a matrix may make: not those that the harness itself decides. */

const REFUSED: readonly { readonly test: RegExp; readonly why: string }[] = [
  { test: /^tscprobe[._]/, why: "tscprobe. parameters are the probe's own" },
  { test: /^console=/, why: 'console= is set by the harness: it reads the guest on its serial port' },
  { test: /^(rd)?init=/, why: 'init= and rdinit= would replace the probe' },
  { test: /^pmtmr=/, why: 'pmtmr= is what the setting pmtimer is for' },
  { test: /^--$/, why: 'what follows -- is not for the kernel' },
];

/** Why an addition to the kernel command line is refused, or undefined. */
export function appendFault(text: string): string | undefined {
  if (/[\r\n]/.test(text)) return 'must be a single line';
  if (!/^[\x20-\x7e]*$/.test(text)) return 'must be printable ASCII';
  // The kernel takes quotes away before it looks at a name: kernel lib/cmdline.c, next_arg().
  const words = text.split(/ +/).map((word) => word.replaceAll('"', ''));
  return REFUSED.find(({ test }) => words.some((word) => test.test(word)))?.why;
}
