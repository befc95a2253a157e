/** Programs of this host. */
import { access, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Where the shell would find a program. */
export async function findProgram(name: string): Promise<string> {
  const places = name.includes('/')
    ? [name]
    : (process.env.PATH ?? '').split(delimiter).map((d) => join(d, name));
  for (const place of places) {
    try {
      await access(place);
      return await realpath(place);
    } catch {
      // The next place.
    }
  }
  throw new Error(`there is no ${name} in PATH`);
}
