/** Finds processes and scratch folders that a test has caused. */
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';

/** Process ids of the QEMU that runs the guest with this nonce. */
export async function qemusOf(nonce: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const argv = (await readFile(`/proc/${name}/cmdline`, 'latin1').catch(() => '')).split('\0');
    if (!/qemu/.test(argv[0] ?? '')) continue;
    if (argv.some((word) => word.includes(`tscprobe.nonce=${nonce}`))) found.push(Number(name));
  }
  return found;
}

/** Names of the scratch folders of a process. */
export async function scratchOf(pid: number): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith(`tscmatrix-${pid}-`));
}
