/** Which shared libraries a program loads here. */
import { HostFault } from '../../base/errors.ts';
import { runTool } from '../../host/process.ts';

/** Absolute paths, the loader's too; in the order in which the loader names them. Empty for a static program. */
export async function sharedLibraries(program: string): Promise<string[]> {
  const { stdout } = await runTool('ldd', [program], {
    env: { LC_ALL: 'C' },
    hint: 'apt-get install libc-bin',
  });
  return parseLdd(stdout, program);
}

/** Reads what ldd(1) prints: "libm.so.6 => /lib/... (0x...)", "/lib64/ld-linux-x86-64.so.2 (0x...)", "statically linked". */
export function parseLdd(text: string, program: string): string[] {
  const paths: string[] = [];
  for (const line of text.split('\n')) {
    const lost = /^\s+(\S+) => not found/.exec(line)?.[1];
    if (lost !== undefined)
      throw new HostFault('library-missing', `${program} needs ${lost}, which is not installed`);
    const path = /^\s+(?:\S+ => )?(\/\S+) \(0x[0-9a-f]+\)$/.exec(line)?.[1];
    if (path !== undefined && !paths.includes(path)) paths.push(path);
  }
  return paths;
}
