/** The patches of the pinned QEMU on a tree, by patch(1), and what its build asks of the host. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { HostFault } from '../../../harness/base/errors.ts';
import { tryTool } from '../../../harness/host/process.ts';
import { type Recipe, readRecipe } from '../../../harness/image/qemu/recipe.ts';
import { findToolchain } from '../../../harness/image/qemu/toolchain.ts';
import { patchTree } from '../../../harness/image/qemu/tree.ts';
import { inScratch } from '../../kernel/tools.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const SVM = join('target', 'i386', 'tcg', 'system', 'svm_helper.c');

/** Our recipe with the patch of that file alone. */
async function svmRecipe(): Promise<Recipe> {
  const recipe = await readRecipe();
  return { ...recipe, patches: recipe.patches.filter(({ name }) => /-svm-/.test(name)) };
}

/** The lines that the patch rests on, in a tree with nothing else. */
async function writeSvm(tree: string, change: (text: string) => string): Promise<void> {
  const [patch] = (await svmRecipe()).patches;
  const hunk = (patch?.content.toString('utf8') ?? '').split(/^@@.*$/m)[1] ?? '';
  const lines = hunk.split('\n').filter((line) => line.startsWith(' '));
  const text = lines.map((line) => `${line.slice(1)}\n`).join('');
  await mkdir(dirname(join(tree, SVM)), { recursive: true });
  await mkdir(join(tree, 'configs', 'devices', 'x86_64-softmmu'), { recursive: true });
  await writeFile(join(tree, SVM), change(text));
}

test('the patch is applied where QEMU has moved its lines', () =>
  inScratch(async (folder) => {
    const tree = join(folder, 'tree');
    await writeSvm(tree, (text) => `/* a licence */\n\n${text}`);
    await patchTree(tree, await svmRecipe(), '10.0.99', join(folder, 'scratch'));
    expect(await readFile(join(tree, SVM), 'utf8')).toContain('cs->exception_index = -1;');
    const list = join(tree, 'configs', 'devices', 'x86_64-softmmu', 'tscmatrix.mak');
    expect(await readFile(list, 'utf8')).toContain('CONFIG_XEN_EMU=y');
  }));

test('a QEMU that has changed there refuses the patch, and both sides are shown', () =>
  inScratch(async (folder) => {
    const tree = join(folder, 'tree');
    await writeSvm(tree, (text) => text.replace('do_interrupt_x86_hardirq(env, vector, 1)', 'deliver(env)'));
    const failure = patchTree(tree, await svmRecipe(), '10.9.0', join(folder, 'scratch'));
    const error = await failure.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(HostFault);
    expect(error).toMatchObject({ code: 'emulator-patch', hint: expect.stringContaining('series') });
    expect((error as Error).message).toMatch(
      /^QEMU 10\.9\.0 does not take our patches: patch 0001-\S+ does not/,
    );
    expect((error as Error).message).toContain('deliver(env);');
    expect((error as Error).message).toContain('do_interrupt_x86_hardirq(env, vector, 1);');
  }));

test('all that is missing is named at once, with the packages', () =>
  inScratch(async (folder) => {
    for (const program of ['gcc', 'ld', 'strip', 'pkg-config', 'patch', 'xz', 'ldd', 'setpriv']) {
      const { stdout } = await tryTool('sh', ['-c', `command -v ${program}`]);
      await symlink(stdout.trim(), join(folder, program));
    }
    vi.stubEnv('PATH', folder);
    const message = 'the pinned QEMU cannot be built here: ninja is not installed';
    await expect(findToolchain()).rejects.toMatchObject({
      code: 'tool-missing',
      message,
      hint: expect.stringMatching(/^apt-get install .*\bninja-build$/),
    });
  }));
