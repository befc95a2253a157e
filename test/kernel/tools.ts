/** What the tests of kernels, caches and locks share: scratch folders, other processes, tiny kernel images. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { makeScratch } from '../../harness/host/scratch.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Runs work in a folder that is gone afterwards. */
export async function inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const scratch = await makeScratch();
  try {
    return await work(scratch.path);
  } finally {
    await scratch.remove();
  }
}

/** Starts a TypeScript program in another process, in the root of the project. */
export function startScript(script: string) {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<{ code: number | null; output: string; errors: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, output, errors }));
  });
  return {
    pid: child.pid,
    ended,
    kill: () => child.kill('SIGKILL'),
    /** Resolves once the process has printed a text; fails where it ends before. */
    said: (text: string) =>
      new Promise<void>((resolve, reject) => {
        const check = () => {
          if (output.includes(text)) resolve();
        };
        child.stdout.on('data', check);
        child.on('close', () => reject(new Error(`ended without saying ${text}: ${errors}`)));
        check();
      }),
  };
}

export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

export interface TinyKernel {
  readonly version?: string | undefined;
  readonly protocol?: number;
  readonly xloadflags?: number;
  readonly payloadBytes?: number;
}

/** A file with the header of a bzImage, as Documentation/arch/x86/boot.rst describes it, and no code. */
export function tinyKernel({
  version = '6.1.0-test (builder@host) #1 SMP 2026',
  protocol = 0x020f,
  xloadflags = 1,
  payloadBytes = 4096,
}: TinyKernel = {}): Buffer {
  const setupSects = 3;
  const image = Buffer.alloc((setupSects + 1) * 512 + payloadBytes, 0x90);
  image.fill(0, 0, (setupSects + 1) * 512);
  image[0x1f1] = setupSects;
  image.writeUInt32LE(payloadBytes / 16, 0x1f4);
  image.writeUInt16LE(0xaa55, 0x1fe);
  image.write('HdrS', 0x202, 'latin1');
  image.writeUInt16LE(protocol, 0x206);
  image[0x211] = 1;
  image.writeUInt16LE(xloadflags, 0x236);
  if (version !== '') {
    image.writeUInt16LE(0x300, 0x20e);
    image.write(`${version}\0`, 0x500, 'latin1');
  }
  return image;
}
