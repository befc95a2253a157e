// A build runs the code of a tree and of what a matrix names: what that can reach.
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { confine, confinement } from '../../harness/host/confine/confine.ts';
import { tryTool } from '../../harness/host/process.ts';
import { LAUNCHER } from '../cli/tscmatrix.ts';
import { inScratch } from '../kernel/tools.ts';
import { buildFake, FAKE_FILES, writeProgram, writeTree } from './fake-tree.ts';

let can = false;
beforeAll(async () => {
  can = (await confinement()).by !== null;
});

/** What a hostile compiler or Makefile tries; each success leaves a word on stdout. */
const TRIES = (folder: string, port: number) => `
touch ${folder}/marks/outside 2>/dev/null && echo wrote-outside
touch tree-file 2>/dev/null && echo wrote-tree
[ -e ${folder}/secret ] && echo saw-secret
[ -n "$SECRET_OF_THE_USER" ] && echo saw-environment
[ -r /etc/shadow ] && echo saw-shadow
kill -0 $PPID_OF_TEST 2>/dev/null && echo saw-process
exec 3<>/dev/tcp/127.0.0.1/${port} && echo reached-network
`;

test('a build writes only its output, sees no file, process or variable of the user, and no network', async (context) => {
  if (!can) return context.skip();
  await inScratch(async (folder) => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    process.env.SECRET_OF_THE_USER = 'x';
    try {
      const { port } = server.address() as AddressInfo;
      await mkdir(join(folder, 'marks'));
      await writeFile(join(folder, 'secret'), 'x');
      const script = TRIES(folder, port).replace('$PPID_OF_TEST', String(process.pid));
      await writeProgram(
        join(folder, 'cc.sh'),
        `#!/bin/bash\n{${script}} >> $OUT/tried 2>/dev/null\nexec gcc "$@"\n`,
      );
      await writeTree(join(folder, 'tree'), {
        ...FAKE_FILES,
        Makefile: `export OUT = $(O)\n$(shell bash -c '${script
          .replaceAll('\n', ' ; ')
          .replace(/^ ; | ; $/g, '')
          .replaceAll("'", '')
          .replaceAll('$', '$$$$')}' >> $(O)/tried 2>/dev/null)\n${FAKE_FILES.Makefile}`,
      });
      const toolchain = { cc: 'evil-cc', wrappers: { 'evil-cc': 'cc.sh' } };
      const built = await buildFake(folder, { toolchain });
      expect(built.build?.confinement).toBe((await confinement()).by);
      const work = join(folder, 'cache', 'build', 'work');
      const [key = ''] = await readdir(work);
      expect(await readFile(join(work, key, 'out', 'tried'), 'utf8')).toBe('');
      expect(await readdir(join(folder, 'marks'))).toEqual([]);
      // What is seen of the confinement outside is an empty folder.
      expect(await readdir(join(work, key, 'root'))).toEqual([]);
    } finally {
      delete process.env.SECRET_OF_THE_USER;
      server.close();
    }
  });
});

test('a wrapper that is called like what confines it does not run in its place', async (context) => {
  if (!can) return context.skip();
  await inScratch(async (folder) => {
    await mkdir(join(folder, 'marks'));
    await writeTree(join(folder, 'tree'));
    const names = ['unshare', 'bwrap', 'setpriv', 'flock', 'sh', 'mount', 'chroot', 'env', 'make'];
    await writeProgram(
      join(folder, 'w.sh'),
      `#!/bin/bash\ntouch ${folder}/marks/$(basename "$0")\nPATH=/usr/bin:/bin:/usr/sbin exec "$(basename "$0")" "$@"\n`,
    );
    const wrappers = Object.fromEntries(names.map((name) => [name, 'w.sh']));
    await buildFake(folder, { toolchain: { wrappers } });
    expect(await readdir(join(folder, 'marks'))).toEqual([]);
  });
});

test.each([
  ['the user’s word', ['--no-confinement'], undefined, 'none: as asked for by --no-confinement'],
  ['want of means', [], ['bwrap', 'unshare'], 'none: bwrap is not installed; unshare is not installed'],
])('a build that is not confined, by %s, says so on stderr and in its facts', (_, words, lacking, said) =>
  inScratch(async (folder) => {
    await writeTree(join(folder, 'tree'));
    const source = '{ directory: tree }';
    await writeFile(join(folder, 'm.yaml'), `version: 1\nkernels: { it: { source: ${source} } }\n`);
    const path = lacking === undefined ? process.env.PATH : await programsWithout(folder, lacking);
    const env = { ...process.env, PATH: path, TSCMATRIX_CACHE: join(folder, 'cache') };
    const args = ['build', join(folder, 'm.yaml'), '--json', ...words];
    const built = spawnSync(LAUNCHER, args, { env, encoding: 'utf8' });
    expect(built.status, built.stderr).toBe(0);
    expect(JSON.parse(built.stdout)).toMatchObject([{ build: { confinement: said } }]);
    expect(built.stderr).toContain(`not confined on this host: ${said.replace('none: ', '')}`);
  }),
);

/** A PATH with every program of this host but these. */
async function programsWithout(folder: string, lacking: readonly string[]): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const taken = new Set(lacking);
  for (const place of (process.env.PATH ?? '').split(':')) {
    for (const name of await readdir(place).catch(() => [])) {
      if (taken.has(name)) continue;
      taken.add(name);
      await symlink(join(place, name), join(bin, name));
    }
  }
  return bin;
}

test('there is no capability left, and the exit code is the program’s own', async (context) => {
  if (!can) return context.skip();
  await inScratch(async (folder) => {
    const cwd = join(folder, 'cwd');
    await mkdir(cwd);
    const view = { root: join(folder, 'root'), cwd, path: '/usr/bin', programs: [], read: [], write: [cwd] };
    const script = 'grep -E "^Cap(Prm|Eff|Bnd)|^NoNewPrivs" /proc/self/status; exit 7';
    const [program, ...args] = await confine(['sh', '-c', script], view);
    const { exitCode, stdout } = await tryTool(program, args);
    expect(exitCode).toBe(7);
    expect(stdout.replaceAll('\t', ' ').split('\n')).toEqual([
      'CapPrm: 0000000000000000',
      'CapEff: 0000000000000000',
      'CapBnd: 0000000000000000',
      'NoNewPrivs: 1',
    ]);
  });
});
