/** Looks options up in the Kconfig files of a tree. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryTool } from '../../host/process.ts';
import { printable } from './errors.ts';

export interface Definition {
  /** In the tree. */
  readonly file: string;
  readonly line: number;
  readonly dependsOn: readonly string[];
}

/** Where each option is defined; an option that no Kconfig file knows is not in the answer. Names without CONFIG_. */
export async function findDefinitions(
  tree: string,
  names: readonly string[],
): Promise<Map<string, Definition[]>> {
  const found = new Map<string, Definition[]>();
  if (names.length === 0) return found;
  const pattern = `^[[:blank:]]*(menu)?config[[:blank:]]+(${names.join('|')})[[:blank:]]*(#.*)?$`;
  // "Kconfig*" with a link followed: no Kconfig file is one, but the tree's top may be.
  const result = await tryTool('grep', ['-rnE', '--include=Kconfig*', '-e', pattern, '.'], {
    cwd: tree,
    env: { LC_ALL: 'C' },
  });
  for (const line of result.stdout.split('\n')) {
    const match = /^\.\/([^:]+):(\d+):\s*(?:menu)?config\s+(\w+)/.exec(line);
    if (match === null) continue;
    const [, file = '', number, name = ''] = match;
    const definition = { file, line: Number(number), dependsOn: await dependsOn(tree, file, Number(number)) };
    found.set(name, [...(found.get(name) ?? []), definition]);
  }
  return found;
}

async function dependsOn(tree: string, file: string, line: number): Promise<string[]> {
  const lines = (await readFile(join(tree, file), 'utf8')).split('\n').slice(line);
  const found: string[] = [];
  for (const text of lines) {
    // The next entry ends this one.
    if (/^\s*(?:menu)?config\s|^(?:endif|endmenu|menu|choice|endchoice|if|source|comment)\b/.test(text))
      break;
    if (/^\s+(?:help|---help---)\s*$/.test(text)) break;
    if (/^\s+depends on /.test(text)) found.push(printable(text.trim()));
  }
  return found;
}
