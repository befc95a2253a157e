// The container recipe, built and used. It needs podman or buildah, and an image of Debian to start from.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runTool } from '../../harness/host/process.ts';
import { findProgram } from '../../harness/host/program.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
/** The image of Debian to start from: no registry is a test's to ask. mmdebstrap bookworm base.tar makes the content of one. */
const BASE = process.env.TSCMATRIX_CONTAINER_BASE;
const MINUTES = 60_000;
const BOOT = 'boot debian:linux-image-cloud-amd64@bookworm --topology tcg --emulator system --hpet off'.split(
  ' ',
);

const has = async (name: string): Promise<boolean> => (await findProgram(name).catch(() => null)) !== null;

test(
  'the image is built, and boots a guest',
  async ({ skip }) => {
    const builder = (await has('buildah')) ? 'buildah' : (await has('podman')) ? 'podman' : null;
    if (builder === null) return skip('neither buildah nor podman is installed');
    if (BASE === undefined) return skip('TSCMATRIX_CONTAINER_BASE names no image of Debian');
    const base = ['--build-arg', `BASE=${BASE}`];
    const isolated = builder === 'buildah' ? ['--isolation', 'chroot'] : [];
    const tag = 'localhost/tscmatrix-test';
    await runTool(builder, ['build', ...isolated, '--network', 'host', ...base, '--tag', tag, PROJECT]);
    // buildah runs in a container that is made of the image, and removed.
    const script = `
      set -e
      c=$(buildah from ${tag})
      trap 'buildah rm $c >/dev/null' EXIT
      buildah run --isolation chroot --network host $c -- tscmatrix ${BOOT.join(' ')}`;
    try {
      const { stdout } = await (builder === 'buildah'
        ? runTool('sh', ['-c', script])
        : runTool('podman', ['run', '--rm', '--network', 'host', tag, ...BOOT]));
      expect(stdout).toMatch(/^verdict +refined:/m);
    } finally {
      await runTool(builder, ['rmi', '--force', tag]);
    }
  },
  40 * MINUTES,
);
