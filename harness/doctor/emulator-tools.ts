/** Checks of what the pinned QEMU is built with, and whether it is built: harness/image/qemu. */
import { findPinnedQemu } from '../image/qemu/pinned.ts';
import { PYTHON } from '../image/qemu/toolchain.ts';
import { type Library, toolChecks, type Work, work } from './build-tools.ts';
import type { Check } from './context.ts';
import { type CheckResult, missing, type Needed, ok } from './types.ts';

const topic = 'pinned QEMU';
const needed: Needed = 'for nested';

// QEMU's configure makes an environment of this kind and works in it.
const VENV = `${PYTHON} -m venv --without-pip made && made/bin/python3 -c 'import ensurepip; print(6 * 7)'`;
const NINJA = 'rule copy\n  command = cp $in $out\nbuild made: copy build.ninja\n';

const WORKS: readonly Work[] = [
  work('ninja', 'ninja-build', ['build.ninja', NINJA], 'ninja made && cat made', /^build made: copy/m),
  work(PYTHON, 'python3-venv', ['a.txt', ''], VENV, /^42$/m),
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
  ...toolChecks(topic, needed, WORKS, LIBRARIES).map((check) =>
    check.name === PYTHON ? { ...check, name: 'python3' } : check,
  ),
  { topic, name: 'the emulator', needed, find: findBuilt },
];
