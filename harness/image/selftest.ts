/** Programs of a kernel's own selftests (tools/testing/selftests), compiled statically: one file each, and nothing of the tree is run. */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HostFault, UserError } from '../base/errors.ts';
import { findEntry, openCache, storeEntry, storeObject, takeObject, withTemporary } from '../host/cache.ts';
import { confine, tellIfUnconfined } from '../host/confine/confine.ts';
import { runTool, tryTool } from '../host/process.ts';
import { findSource } from '../kernel/tree/source.ts';
import { ensureTree } from '../kernel/tree/trees.ts';
import type { TreeSource } from '../matrix/types.ts';

const COMPILER = 'gcc';
const COMPILER_HINT = 'apt-get install gcc libc6-dev';
const FOLDER = 'tools/testing/selftests';
/** KTEST: up to 4.14 only with it do they end with kselftest's exit codes. Warnings are upstream's. */
const FLAGS = ['-O2', '-w', '-static', '-s', '-DKTEST', '-D_GNU_SOURCE', '-Wl,--build-id=none'];
const LIBRARIES = ['-lrt', '-lpthread', '-lm'];

/** `path` is as in timers/nanosleep. Throws UserError if the tree has none, or it is none of one file. */
export async function buildSelftest(tree: TreeSource, path: string): Promise<Buffer> {
  const cache = await openCache();
  const source = await findSource(tree, { cache });
  const compiler = await runTool(COMPILER, ['-v'], { hint: COMPILER_HINT });
  const parts = [source.digest, path, FLAGS, LIBRARIES, compiler.stderr];
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  const known = (await findEntry(cache, 'selftest', key))?.object;
  const found = known === undefined ? undefined : await takeObject(cache, known);
  if (found !== undefined) return readFile(found);
  const folder = await ensureTree(source, { cache });
  await readFile(join(folder, FOLDER, `${path}.c`)).catch(() => {
    throw new UserError(
      `${source.label} has no ${FOLDER}/${path}.c`,
      'name one of its selftests, as in kselftest:timers/nanosleep',
    );
  });
  await tellIfUnconfined('selftests are');
  return withTemporary(cache, async (temporary) => {
    const out = join(temporary, 'out');
    await mkdir(out);
    const program = join(out, 'selftest');
    const command = [
      ...[...FLAGS, `-ffile-prefix-map=${folder}=`, `-I${join(folder, FOLDER)}`],
      ...['-idirafter', join(folder, 'tools/include'), '-idirafter', folder],
      ...[`${folder}/${FOLDER}/${path}.c`, '-o', program, ...LIBRARIES],
    ];
    // A compiler reads what its input includes: only the tree, and the system's headers.
    const [first, ...rest] = await confine([COMPILER, ...command], {
      root: join(temporary, 'root'),
      cwd: out,
      path: process.env.PATH ?? '',
      programs: [],
      read: [folder],
      write: [out],
    });
    const built = await tryTool(first, rest, { cwd: out, env: { LC_ALL: 'C', TMPDIR: '/tmp' } });
    if (built.exitCode !== 0) {
      const why =
        built.stderr.split('\n').find((line) => /error/.test(line)) ?? built.stderr.trim().split('\n').at(-1);
      throw new HostFault(
        'selftest-failed',
        `${path} of ${source.label} does not compile: ${why}`,
        'name another tree: from',
      );
    }
    const object = await storeObject(cache, program, path.replaceAll('/', '-'));
    await storeEntry(cache, { kind: 'selftest', key, object });
    return readFile((await takeObject(cache, object)) as string);
  });
}
