/** A kernel with the field report's markers, its own trace, and debugging data: one build for the tests of all three. */
const SERIES = new URL('../../images/kernels/patches/series.yaml', import.meta.url).pathname;
const DEBUG_INFO = '{ CONFIG_DEBUG_INFO_NONE: n, CONFIG_DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT: y }';

/** As it is written in a matrix. Where variables are at each instruction takes the compiler a third of its time, and nobody asks here. */
export const markedKernel = (version: string, suite: string): string =>
  `{ source: { debian: linux-source-${version}, suite: ${suite} }, config: { base: guest, set: ${DEBUG_INFO} }, toolchain: { kcflags: -fno-var-tracking }, trace: on, series: { file: ${SERIES}, variant: marked } }`;
