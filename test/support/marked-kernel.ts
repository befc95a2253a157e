/** Kernels with the field report's markers and their own trace, as they are written in a matrix. */
const SERIES = new URL('../../images/kernels/patches/series.yaml', import.meta.url).pathname;
const DEBUG_INFO = '{ CONFIG_DEBUG_INFO_NONE: n, CONFIG_DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT: y }';

export const markedKernel = (version: string, suite: string, more = ''): string =>
  `{ source: { debian: linux-source-${version}, suite: ${suite} }${more}, trace: on, series: { file: ${SERIES}, variant: marked } }`;

/** With debugging data. Where variables are at each instruction would take the compiler a third of its time, and nobody asks here. */
export const debugKernel = (): string =>
  markedKernel(
    '6.1',
    'bookworm',
    `, config: { base: guest, set: ${DEBUG_INFO} }, toolchain: { kcflags: -fno-var-tracking }`,
  );
