/** Checks of what the pinned QEMU is built with, and whether it is built: harness/image/qemu. */
import { findPinnedQemu } from '../image/qemu/pinned.ts';
import { PYTHON } from '../image/qemu/toolchain.ts';
import { type Library, tryLibrary, tryWork, type Work } from './build-tools.ts';
import type { Check } from './context.ts';
import { type CheckResult, missing, type Needed, ok } from './types.ts';

const topic = 'pinned QEMU';
const needed: Needed = 'for nested';

const WORKS: readonly Work[] = [
  {
    program: 'ninja',
    packageName: 'ninja-build',
    file: 'build.ninja',
    text: 'rule copy\n  command = cp $in $out\nbuild made: copy build.ninja\n',
    script: 'ninja made && cat made',
    gives: /^build made: copy/m,
  },
  {
    program: PYTHON,
    packageName: 'python3-venv',
    file: 'a.txt',
    text: '',
    // QEMU's configure makes an environment of this kind and works in it.
    script: `${PYTHON} -m venv --without-pip made && made/bin/python3 -c 'import ensurepip; print(6 * 7)'`,
    gives: /^42$/m,
  },
];

/** They are linked statically, so the archive is what counts. */
const LIBRARIES: readonly Library[] = [
  {
    name: 'GLib',
    packages: ['libglib2.0-dev', 'libpcre2-dev'],
    source: 'char *g_strdup(const char *);\nint main(void) { return g_strdup("x") == 0; }\n',
    flags: ['-l:libglib-2.0.a', '-l:libpcre2-8.a', '-lm'],
  },
  {
    name: 'zlib',
    packages: ['zlib1g-dev'],
    source: '#include <zlib.h>\nint main(void) { return zlibVersion() == 0; }\n',
    flags: ['-l:libz.a'],
  },
  {
    name: 'libfdt',
    packages: ['libfdt-dev'],
    source: '#include <libfdt.h>\nint main(void) { return fdt_strerror(0) == 0; }\n',
    flags: ['-l:libfdt.a'],
  },
  {
    name: 'libseccomp',
    packages: ['libseccomp-dev'],
    source: '#include <seccomp.h>\nint main(void) { return seccomp_version() == 0; }\n',
    flags: ['-l:libseccomp.a'],
  },
];

async function findBuilt(): Promise<CheckResult> {
  const found = await findPinnedQemu();
  if (found !== undefined)
    return ok(`QEMU ${found.version} (${found.debianVersion}) is built: ${found.program}`);
  return missing(
    'it is not built yet; the first run that needs it does so, in some minutes',
    'tscmatrix build --qemu',
  );
}

export const EMULATOR_CHECKS: readonly Check[] = [
  ...WORKS.map(
    (work): Check => ({
      topic,
      name: work.program === PYTHON ? 'python3' : work.program,
      needed,
      packages: [work.packageName],
      find: (context) => tryWork(context, work),
    }),
  ),
  ...LIBRARIES.map(
    (library): Check => ({
      topic,
      name: library.name,
      needed,
      packages: ['gcc', 'libc6-dev'],
      find: (context) => tryLibrary(context, library),
    }),
  ),
  { topic, name: 'the emulator', needed, find: findBuilt },
];
