/** The initramfs of a guest that somebody works in: busybox on the console, and nothing that reports. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imagesFolder } from '../host/project.ts';
import { traceBootconfig } from '../matrix/trace.ts';
import { busyboxEntry, type ProbeImage, SKELETON, storeInitramfs } from './probe-image.ts';

/** `trace` is the setting of the guest. Throws HostFault without busybox. */
export async function buildShellImage(trace = ''): Promise<ProbeImage> {
  const read = (name: string): Promise<Buffer> => readFile(join(imagesFolder(), 'shell', name));
  return storeInitramfs(
    'shell.cpio',
    [
      ...SKELETON,
      await busyboxEntry(),
      { path: 'init', kind: 'file', mode: 0o755, bytes: await read('init') },
      { path: 'profile', kind: 'file', mode: 0o644, bytes: await read('profile') },
    ],
    traceBootconfig(trace),
  );
}
