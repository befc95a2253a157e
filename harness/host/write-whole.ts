/** Writes a file as a whole or not at all. */
import { rename, writeFile } from 'node:fs/promises';

/** Whoever reads the file meanwhile, or after a kill, has the old text or the new one. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
